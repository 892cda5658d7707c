/** @file
 * Image AN547 of Arm's MPS3 board: Cortex-M55 in an SSE-300, in secure state. Bit 28 of an address
 * asks for the secure side of what is there.
 */
#ifndef FPGA_IMAGE_H
#define FPGA_IMAGE_H

#include <stdint.h>

#include "cmsdk.h"

/** The memory that stands in for flash: the instruction memory at the core. */
#define FPGA_FLASH 0x00000000u
#define FPGA_FLASH_LOG2 19u
#define FPGA_COUNTER_HZ 32000000u

#define FPGA_UART0 ((cmsdk_uart_t *)0x59303000u)

/** System counter of the SSE-300, and one of the timers that compare with it. */
typedef struct sse_timer {
    volatile uint32_t count[2]; /**< the system counter's, low word first */
    uint32_t reserved[2];
    volatile uint32_t frequency;
    uint32_t reserved_14[3];
    volatile uint32_t compare[2];
    volatile uint32_t remaining; /**< writing sets `compare` to so many ticks from now */
    volatile uint32_t control;
} sse_timer_t;

#define SSE_TIMER_ENABLE 0x1u
#define SSE_COUNTER_ENABLE 0x1u

#define FPGA_TIMER0 ((sse_timer_t *)0x58000000u)
#define FPGA_COUNTER_CONTROL ((volatile uint32_t *)0x58100000u)

/** Interrupts that end sleep, in words of 32: timer 0, UART 0 in either direction. */
#define FPGA_WAKING_0 (1u << 3)
#define FPGA_WAKING_1 ((1u << (33 - 32)) | (1u << (34 - 32)))

static inline void fpga_counter_start(void)
{
    *FPGA_COUNTER_CONTROL |= SSE_COUNTER_ENABLE;
}

static inline uint32_t fpga_counter(void)
{
    return FPGA_TIMER0->count[0];
}

static inline void fpga_alarm_set(uint32_t ticks)
{
    FPGA_TIMER0->remaining = ticks;
    FPGA_TIMER0->control = SSE_TIMER_ENABLE;
}

static inline void fpga_alarm_clear(void)
{
    FPGA_TIMER0->control = 0;
}

#endif
