/** @file
 * Registers that the RP2040 and the RP2350 have alike. Where they lie, and what differs, is in the
 * chip's own rp2_chip.h.
 */
#ifndef RP2_H
#define RP2_H

#include <stdint.h>

typedef struct rp2_resets {
    volatile uint32_t reset;
    volatile uint32_t watchdog;
    volatile uint32_t done; /**< a bit for each block that is out of reset */
} rp2_resets_t;

typedef struct rp2_crystal {
    volatile uint32_t control;
    volatile uint32_t status;
    volatile uint32_t dormant;
    volatile uint32_t startup; /**< cycles / 256 until it counts as stable */
} rp2_crystal_t;

#define RP2_CRYSTAL_1_TO_15_MHZ 0xAA0u
#define RP2_CRYSTAL_ENABLE 0xFAB000u
#define RP2_CRYSTAL_STABLE 0x80000000u

typedef struct rp2_pll {
    volatile uint32_t control; /**< divider of the reference; whether it has locked */
    volatile uint32_t power;   /**< parts that are off */
    volatile uint32_t multiplier;
    volatile uint32_t dividers;
} rp2_pll_t;

#define RP2_PLL_LOCKED 0x80000000u
#define RP2_PLL_OFF 0x01u
#define RP2_PLL_DIVIDERS_OFF 0x08u
#define RP2_PLL_VCO_OFF 0x20u
#define RP2_PLL_DIVIDERS(first, second) ((first) << 16 | (second) << 12)

typedef struct rp2_clock {
    volatile uint32_t control;
    volatile uint32_t divider;
    volatile uint32_t selected; /**< a bit for the source in use */
} rp2_clock_t;

typedef struct rp2_clocks {
    rp2_clock_t outputs[4];
    rp2_clock_t reference;
    rp2_clock_t system;
    rp2_clock_t peripherals;
} rp2_clocks_t;

#define RP2_REFERENCE_CRYSTAL 2u
#define RP2_SYSTEM_REFERENCE 0u
#define RP2_SYSTEM_PLL 1u /**< the auxiliary source, which is the PLL unless told otherwise */
#define RP2_PERIPHERALS_SYSTEM 0x800u

/** A pin's function; 8 bytes each. */
typedef struct rp2_pin {
    volatile uint32_t status;
    volatile uint32_t control;
} rp2_pin_t;

#define RP2_PIN_UART 2u
#define RP2_PAD_OUTPUT 0x52u /**< 4 mA, Schmitt trigger, its input on; not isolated */
#define RP2_PAD_INPUT_PULLED_UP 0x5Au

/** PL011 UART with 32 bytes each way. */
typedef struct rp2_uart {
    volatile uint32_t data;
    volatile uint32_t errors;
    volatile uint32_t unused_1[4];
    volatile uint32_t flags;
    volatile uint32_t unused_2[2];
    volatile uint32_t divider;
    volatile uint32_t divider_64ths;
    volatile uint32_t line;
    volatile uint32_t control;
    volatile uint32_t levels;
    volatile uint32_t interrupts;
    volatile uint32_t unused_3[2];
    volatile uint32_t interrupts_clear;
} rp2_uart_t;

#define RP2_UART_BUSY 0x08u
#define RP2_UART_RX_EMPTY 0x10u
#define RP2_UART_TX_FULL 0x20u
#define RP2_UART_8N1_FIFO 0x70u
#define RP2_UART_ENABLE 0x301u /**< itself, sending and receiving */
#define RP2_UART_LEVELS 0x0u   /**< receive interrupt at 4 bytes, or after 3 quiet ones */
#define RP2_UART_RX_INTERRUPTS 0x50u

/** Microseconds since start, and an alarm. */
typedef struct rp2_timer {
    volatile uint32_t unused_1[4];
    volatile uint32_t alarms[4];
    volatile uint32_t armed; /**< write 1 to disarm */
    volatile uint32_t raw_high;
    volatile uint32_t raw_low;
} rp2_timer_t;

/** A register's alias that sets the bits written to it, and one that clears them. */
#define RP2_SET(name) (*(&(name) + 0x2000u / sizeof(uint32_t)))
#define RP2_CLEAR(name) (*(&(name) + 0x3000u / sizeof(uint32_t)))

/** A halfword at the beginning of ROM: the address of a table or of a function. */
static inline uintptr_t rp2_rom_pointer(uint32_t address)
{
    __asm__("" : "+r"(address)); /* else the compiler takes it for an access to nothing */
    return *(const volatile uint16_t *)address;
}

/** Clock of the crystal, which is the reference clock. */
#define RP2_CRYSTAL_HZ 12000000u

/** Makes the timer count microseconds of the reference clock, and starts what the chip counts
 *  with; RP2_CLOCK_HZ is the processor's clock by then. Provided by the layer of the chip. */
void rp2_counters_start(void);

/** Waits until the last byte has left the UART: before a restart, which would cut it off. */
void rp2_uart_drain(void);

/** The chip's own words for why it was reset. Provided by the layer of the chip. */
uint32_t rp2_reset_reason(void);

#endif
