/** @file
 * Where the RP2350 has its registers, and the clock it is given.
 */
#ifndef RP2_CHIP_H
#define RP2_CHIP_H

#include "rp2.h"

/** 12 MHz * 125 / (5 * 2). */
#define RP2_CLOCK_HZ 150000000u
#define RP2_PLL_MULTIPLIER 125u
#define RP2_PLL_DIVIDER_1 5u
#define RP2_PLL_DIVIDER_2 2u

#define RP2_CLOCKS ((rp2_clocks_t *)0x40010000u)
#define RP2_RESUSCITATE (*(volatile uint32_t *)0x40010084u)
#define RP2_RESETS ((rp2_resets_t *)0x40020000u)
#define RP2_PINS ((rp2_pin_t *)0x40028000u)
#define RP2_PADS ((volatile uint32_t *)0x40038004u)
#define RP2_CRYSTAL ((rp2_crystal_t *)0x40048000u)
#define RP2_PLL ((rp2_pll_t *)0x40050000u)
#define RP2_UART0 ((rp2_uart_t *)0x40070000u)
#define RP2_TIMER ((rp2_timer_t *)0x400B0000u)
#define RP2_TIMER_INTERRUPTED (*(volatile uint32_t *)0x400B003Cu)
#define RP2_TIMER_INTERRUPTS (*(volatile uint32_t *)0x400B0040u)

#define RP2_RESET_PINS (1u << 6)
#define RP2_RESET_PADS (1u << 9)
#define RP2_RESET_PLL (1u << 14)
#define RP2_RESET_TIMER (1u << 23)
#define RP2_RESET_UART0 (1u << 26)

#define RP2_TIMER_IRQ 0u
#define RP2_UART0_IRQ 33u

#endif
