/** @file
 * Registers of the ESP32 that its port uses, by address.
 */
#ifndef ESP32_H
#define ESP32_H

#include <stdint.h>

#define ESP32_CACHE_CONTROL 0x3FF00040u
#define ESP32_CACHE_ENABLE 0x08u
#define ESP32_CACHE_FLUSH 0x10u
#define ESP32_CACHE_FLUSHED 0x20u

#define ESP32_CACHE_CONTROL1 0x3FF00044u
/** Switch off instruction RAM 0 and 1, instruction ROM and data ROM of the address space. */
#define ESP32_CACHE_MASKS 0x17u

/** Flash pages by virtual page; the first 64 are data from 0x3F400000 on. */
#define ESP32_MMU_TABLE 0x3FF10000u
#define ESP32_MMU_DATA_PAGES 64u
#define ESP32_MMU_INVALID 0x100u

/** CPU interrupt that the UART is routed to: of level 1, as long as the line is up. */
#define ESP32_UART_INTERRUPT_MAP 0x3FF0018Cu
#define ESP32_UART_INTERRUPT 13u

/** SPI 0, which the cache reads flash through. */
#define ESP32_SPI0_CACHE 0x3FF43050u
#define ESP32_SPI0_CACHE_REQUEST 0x1u
#define ESP32_SPI0_STATE 0x3FF430F8u

#define ESP32_UART0 0x3FF40000u
#define ESP32_UART0_FIFO_OUT 0x60000000u
#define ESP32_UART0_STATUS 0x3FF4001Cu
#define ESP32_UART0_COUNT 0xFFu /**< received bytes, in what STATUS says; may be too low */
/** Where in the UART's memory the next received byte is read and written, by byte. */
#define ESP32_UART0_POINTERS 0x3FF40060u
#define ESP32_UART0_READ_SHIFT 2
#define ESP32_UART0_WRITE_SHIFT 13
#define ESP32_UART0_FIFO_BYTES 128u

#define ESP32_RTC_OPTIONS 0x3FF48000u
#define ESP32_RTC_SYSTEM_RESET 0x80000000u
#define ESP32_RTC_RESET_STATE 0x3FF48034u
#define ESP32_RTC_RESET_REASON 0x3Fu

#define ESP32_RTC_WATCHDOG 0x3FF4808Cu
#define ESP32_RTC_WATCHDOG_PROTECT 0x3FF480A4u
#define ESP32_TIMER0_WATCHDOG 0x3FF5F048u
#define ESP32_TIMER0_WATCHDOG_PROTECT 0x3FF5F064u
#define ESP32_TIMER1_WATCHDOG 0x3FF60048u
#define ESP32_TIMER1_WATCHDOG_PROTECT 0x3FF60064u

/** Timer 0 of timer group 0: counts the peripheral bus's clock, divided. */
#define ESP32_TIMER 0x3FF5F000u
#define ESP32_TIMER_UP 0xC0000000u /**< on, counting up */
#define ESP32_TIMER_DIVIDER_SHIFT 13
#define ESP32_TIMER_LOW 0x3FF5F004u
#define ESP32_TIMER_UPDATE 0x3FF5F00Cu
/** Written: put the count where it can be read. Until it is there, the register is not 0. */
#define ESP32_TIMER_UPDATE_NOW 0x80000000u

/** Maps @p pages pages of flash, beginning with @p first, to 0x3F400000 and up. */
void esp32_map_flash(uint32_t first, uint32_t pages);

#endif
