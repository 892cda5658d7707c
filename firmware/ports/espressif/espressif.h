/** @file
 * What the bare-metal ports of Espressif's chips share: the console, and what it needs of a chip.
 */
#ifndef ESPRESSIF_H
#define ESPRESSIF_H

#include <stdbool.h>
#include <stdint.h>

/** Takes a watchdog's protection off. */
#define ESPRESSIF_WATCHDOG_KEY 0x50D83AA1u

/** Baud rate at which the ROM leaves UART 0. */
#define ESPRESSIF_ROM_BAUD 115200u

/** A page of flash, as the chip's MMU maps it. */
#define ESPRESSIF_PAGE_BYTES 0x10000u

/** Bytes from here to there are constants in flash, mapped; set by the linker script. */
extern const uint8_t tnf_flash_start[], tnf_flash_end[];

/** How many pages that is. */
static inline uint32_t espressif_flash_pages(void)
{
    uint32_t bytes = (uint32_t)(tnf_flash_end - tnf_flash_start);
    return (bytes + ESPRESSIF_PAGE_BYTES - 1u) / ESPRESSIF_PAGE_BYTES;
}

/** The page of the flash chip that they begin at. */
#define ESPRESSIF_FIRST_PAGE 1u

/** UART 0 of the chip: addresses. Provided by the chip's layer. */
typedef struct espressif_uart {
    uint32_t base;
    uint32_t fifo_out; /**< where a byte to be sent is written */
} espressif_uart_t;

/** Sets the baud rate of the profile and begins to receive; the chip's layer has routed the
 * interrupt of UART 0 before. @param clock_hz  what the divider divides */
void espressif_console_start(const espressif_uart_t *uart, uint32_t clock_hz);

/** Waits until everything that was written has gone out. */
void espressif_console_flush(void);

/** Takes what UART 0 has received. For the interrupt's handler. */
void espressif_console_interrupt(void);

/** How many bytes of UART 0 wait to be taken. Provided by the chip's layer. */
uint32_t espressif_received(void);

/** The divider that the ROM has set UART 0 to, times its baud rate: what the ROM took for the clock
 *  of the UART, in Hz, rounded to whole MHz. For before espressif_console_start. */
uint32_t espressif_uart_clock_hz(const espressif_uart_t *uart);

/** Lets the processor take interrupts, or not. Provided by the chip's layer. */
void espressif_take_interrupts(bool take);

/** Switches a watchdog off. @param protect, @param config  addresses of its registers */
void espressif_watchdog_off(uint32_t protect, uint32_t config);

#endif
