/** @file
 * Image AN505 of Arm's MPS2 board: Cortex-M33 in an SSE-200, in secure state. Bit 28 of an address
 * asks for the secure side of what is there.
 */
#ifndef FPGA_IMAGE_H
#define FPGA_IMAGE_H

#include <stdint.h>

#include "cmsdk.h"

/** The memory that stands in for flash. */
#define FPGA_FLASH 0x10000000u
#define FPGA_FLASH_LOG2 22u
#define FPGA_COUNTER_HZ 20000000u

#define FPGA_UART0 ((cmsdk_uart_t *)0x50200000u)
#define FPGA_TIMER0 ((cmsdk_timer_t *)0x50000000u)
#define FPGA_TIMER1 ((cmsdk_timer_t *)0x50001000u)

/** Interrupts that end sleep, in words of 32: timer 1; UART 0, of which the manual and the emulator
 *  differ in which of the two is receiving. */
#define FPGA_WAKING_0 (1u << 4)
#define FPGA_WAKING_1 ((1u << (32 - 32)) | (1u << (33 - 32)))

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
