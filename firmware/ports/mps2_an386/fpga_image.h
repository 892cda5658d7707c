/** @file
 * Images AN385, AN386 and AN500 of Arm's MPS2 board: Cortex-M3, M4 and M7.
 */
#ifndef FPGA_IMAGE_H
#define FPGA_IMAGE_H

#include <stdint.h>

#include "cmsdk.h"

/** The memory that stands in for flash. */
#define FPGA_FLASH 0x00000000u
#define FPGA_FLASH_LOG2 22u
#define FPGA_COUNTER_HZ 25000000u

#define FPGA_UART0 ((cmsdk_uart_t *)0x40004000u)
#define FPGA_TIMER0 ((cmsdk_timer_t *)0x40000000u)
#define FPGA_TIMER1 ((cmsdk_timer_t *)0x40001000u)

/** Interrupts that end sleep, in words of 32: UART 0 receives, timer 1. */
#define FPGA_WAKING_0 ((1u << 0) | (1u << 9))
#define FPGA_WAKING_1 0u

static inline void fpga_counter_start(void)
{
    cmsdk_timer_start(FPGA_TIMER0);
}

static inline uint32_t fpga_counter(void)
{
    return cmsdk_timer_passed(FPGA_TIMER0);
}

static inline void fpga_alarm_set(uint32_t ticks)
{
    cmsdk_alarm_set(FPGA_TIMER1, ticks);
}

static inline void fpga_alarm_clear(void)
{
    cmsdk_alarm_clear(FPGA_TIMER1);
}

#endif
