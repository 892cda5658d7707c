/** @file
 * Where the RP2040 has its registers, and the clock it is given.
 */
#ifndef RP2_CHIP_H
#define RP2_CHIP_H

#include "rp2.h"

/** 12 MHz * 125 / (6 * 2). */
#define RP2_CLOCK_HZ 125000000u
#define RP2_PLL_MULTIPLIER 125u
#define RP2_PLL_DIVIDER_1 6u
#define RP2_PLL_DIVIDER_2 2u

#define RP2_CLOCKS ((rp2_clocks_t *)0x40008000u)
#define RP2_RESUSCITATE (*(volatile uint32_t *)0x40008078u)
#define RP2_RESETS ((rp2_resets_t *)0x4000C000u)
#define RP2_PINS ((rp2_pin_t *)0x40014000u)
#define RP2_PADS ((volatile uint32_t *)0x4001C004u)
#define RP2_CRYSTAL ((rp2_crystal_t *)0x40024000u)
#define RP2_PLL ((rp2_pll_t *)0x40028000u)
#define RP2_UART0 ((rp2_uart_t *)0x40034000u)
#define RP2_TIMER ((rp2_timer_t *)0x40054000u)
#define RP2_TIMER_INTERRUPTED (*(volatile uint32_t *)0x40054034u)
#define RP2_TIMER_INTERRUPTS (*(volatile uint32_t *)0x40054038u)

#define RP2_RESET_PINS (1u << 5)
#define RP2_RESET_PADS (1u << 8)
#define RP2_RESET_PLL (1u << 12)
#define RP2_RESET_TIMER (1u << 21)
#define RP2_RESET_UART0 (1u << 22)

#define RP2_TIMER_IRQ 0u
#define RP2_UART0_IRQ 20u

#endif
