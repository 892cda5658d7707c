/** @file
 * Registers and ROM functions of the ESP32-C3 that its port uses.
 */
#ifndef ESP32C3_H
#define ESP32C3_H

#include <stdint.h>

#define ESP32C3_UART0 0x60000000u
#define ESP32C3_UART0_STATUS 0x6000001Cu
#define ESP32C3_UART0_COUNT 0xFFu /**< received bytes */

#define ESP32C3_RTC_OPTIONS 0x60008000u
#define ESP32C3_RTC_SYSTEM_RESET 0x80000000u
#define ESP32C3_RTC_RESET_STATE 0x60008038u
#define ESP32C3_RTC_RESET_REASON 0x3Fu
/** Outlasts a reset of the system: the ROM then waits for its loader's commands. */
#define ESP32C3_RTC_OPTIONS1 0x600080F4u
#define ESP32C3_RTC_FORCE_DOWNLOAD 0x1u

#define ESP32C3_RTC_WATCHDOG 0x60008090u
#define ESP32C3_RTC_WATCHDOG_PROTECT 0x600080A8u
#define ESP32C3_TIMER0_WATCHDOG 0x6001F048u
#define ESP32C3_TIMER0_WATCHDOG_PROTECT 0x6001F064u
#define ESP32C3_TIMER1_WATCHDOG 0x60020048u
#define ESP32C3_TIMER1_WATCHDOG_PROTECT 0x60020064u

/** A watchdog on a clock of its own, for when all else hangs. */
#define ESP32C3_SUPER_WATCHDOG 0x600080ACu
#define ESP32C3_SUPER_WATCHDOG_OFF 0x80000000u
#define ESP32C3_SUPER_WATCHDOG_PROTECT 0x600080B0u
#define ESP32C3_SUPER_WATCHDOG_KEY 0x8F1D312Au

/** System timer, unit 0: 16 MHz, whatever the core's clock. */
#define ESP32C3_TIMER_CONFIG 0x60023000u
#define ESP32C3_TIMER_ON 0xC0000000u
#define ESP32C3_TIMER_UPDATE 0x60023004u
#define ESP32C3_TIMER_UPDATE_NOW 0x40000000u
#define ESP32C3_TIMER_UPDATED 0x20000000u
#define ESP32C3_TIMER_LOW 0x60023044u
#define ESP32C3_TIMER_HZ 16000000u

/** The interrupt matrix: which line of the core UART 0 is on, and what counts for that line. */
#define ESP32C3_UART_INTERRUPT_MAP 0x600C2054u
#define ESP32C3_INTERRUPT_ENABLE 0x600C2104u
#define ESP32C3_INTERRUPT_TYPE 0x600C2108u /**< bit clear: as long as the line is up */
#define ESP32C3_INTERRUPT_PRIORITY(line) (0x600C2114u + 4u * (line))
#define ESP32C3_INTERRUPT_THRESHOLD 0x600C2194u
#define ESP32C3_UART_INTERRUPT 1u

#define ESP32C3_CACHE_CONTROL1 0x600C4004u
/** Switch off both buses through the cache. */
#define ESP32C3_CACHE_SHUT 0x3u
#define ESP32C3_PAGE_KB 64u
#define ESP32C3_FLASH_DATA 0x3C000000u

/** ROM functions, where the linker script says. */
uint32_t esp32c3_rom_cache_suspend(void);
void esp32c3_rom_cache_resume(uint32_t autoload);
void esp32c3_rom_cache_invalidate(void);
/** Maps @p pages pages of @p page_kb from @p physical on to @p virtual. */
int esp32c3_rom_cache_map_data(uint32_t external_ram, uint32_t virtual, uint32_t physical,
                               uint32_t page_kb, uint32_t pages, uint32_t fixed);

#endif
