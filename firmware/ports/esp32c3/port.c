/* The port of the ESP32-C3 without an SDK: UART 0 as console, the core's own cycle counter.
 *
 * The ROM loads code and data into RAM and starts it with the clock it has chosen itself, which is
 * measured here against the system timer. Not tried on silicon. */
#include "esp32c3.h"
#include "esp32c3_core.h"
#include "espressif.h"
#include "espressif_io.h"
#include "tnf_bare.h"

#define TICKS_PER_MS (ESP32C3_TIMER_HZ / 1000u)
/* A timer that does not answer is given up. */
#define MOST_LOOKS 1000
/* A timer that stands still ends the measurement: far more than it takes at any clock. */
#define MOST_CYCLES 1000000u

static const espressif_uart_t uart0 = {ESP32C3_UART0, ESP32C3_UART0};
static tnf_uptime_t uptime;
static uint32_t clock_hz;

void tnf_board_early(void);

static void map_flash(uint32_t pages)
{
    uint32_t autoload = esp32c3_rom_cache_suspend();
    (void)esp32c3_rom_cache_map_data(0, ESP32C3_FLASH_DATA,
                                     ESPRESSIF_FIRST_PAGE * ESPRESSIF_PAGE_BYTES, ESP32C3_PAGE_KB,
                                     pages, 0);
    esp32c3_rom_cache_invalidate();
    espressif_change(ESP32C3_CACHE_CONTROL1, ESP32C3_CACHE_SHUT, 0);
    esp32c3_rom_cache_resume(autoload);
}

/* Before this, nothing of what is constant can be read. */
void tnf_board_early(void)
{
    espressif_watchdog_off(ESP32C3_RTC_WATCHDOG_PROTECT, ESP32C3_RTC_WATCHDOG);
    espressif_watchdog_off(ESP32C3_TIMER0_WATCHDOG_PROTECT, ESP32C3_TIMER0_WATCHDOG);
    espressif_watchdog_off(ESP32C3_TIMER1_WATCHDOG_PROTECT, ESP32C3_TIMER1_WATCHDOG);
    espressif_set(ESP32C3_SUPER_WATCHDOG_PROTECT, ESP32C3_SUPER_WATCHDOG_KEY);
    espressif_change(ESP32C3_SUPER_WATCHDOG, 0, ESP32C3_SUPER_WATCHDOG_OFF);
    espressif_set(ESP32C3_SUPER_WATCHDOG_PROTECT, 0);
    map_flash(espressif_flash_pages());
}

static uint32_t ticks(void)
{
    espressif_set(ESP32C3_TIMER_UPDATE, ESP32C3_TIMER_UPDATE_NOW);
    for (int left = MOST_LOOKS; left > 0; left--) {
        if ((espressif_get(ESP32C3_TIMER_UPDATE) & ESP32C3_TIMER_UPDATED) != 0) {
            break;
        }
    }
    return espressif_get(ESP32C3_TIMER_LOW);
}

/* The core's clock, rounded to 100 kHz; 0 when the timer does not run. */
static uint32_t measured_hz(void)
{
    uint32_t tick = ticks();
    uint32_t first = esp32c3_cycles();
    uint32_t passed = 0;
    while (passed < TICKS_PER_MS) {
        passed = ticks() - tick;
        if (passed == 0 && esp32c3_cycles() - first > MOST_CYCLES) {
            return 0;
        }
    }
    uint32_t cycles = esp32c3_cycles() - first;
    return (cycles * 1000u + 50000u) / 100000u * 100000u;
}

void tnf_port_init(void)
{
    esp32c3_count_cycles();
    espressif_change(ESP32C3_TIMER_CONFIG, 0, ESP32C3_TIMER_ON);
    clock_hz = measured_hz();
    uptime = (tnf_uptime_t){.ticks = ticks()};
    espressif_set(ESP32C3_UART_INTERRUPT_MAP, ESP32C3_UART_INTERRUPT);
    espressif_change(ESP32C3_INTERRUPT_TYPE, 1u << ESP32C3_UART_INTERRUPT, 0);
    espressif_set(ESP32C3_INTERRUPT_PRIORITY(ESP32C3_UART_INTERRUPT), 1);
    espressif_set(ESP32C3_INTERRUPT_THRESHOLD, 1);
    espressif_set(ESP32C3_INTERRUPT_ENABLE, 1u << ESP32C3_UART_INTERRUPT);
    espressif_console_start(&uart0, espressif_uart_clock_hz(&uart0));
}

uint32_t espressif_received(void)
{
    return espressif_get(ESP32C3_UART0_STATUS) & ESP32C3_UART0_COUNT;
}

void espressif_take_interrupts(bool take)
{
    esp32c3_interrupts(take);
}

uint32_t tnf_port_counter(void)
{
    return esp32c3_cycles();
}

uint32_t tnf_port_uptime_ms(void)
{
    return tnf_uptime_ms(&uptime, ticks(), TICKS_PER_MS);
}

void tnf_port_health(tnf_port_health_t *health)
{
    *health = tnf_bare_health(tnf_port_uptime_ms());
    health->reset_reason = espressif_get(ESP32C3_RTC_RESET_STATE) & ESP32C3_RTC_RESET_REASON;
    health->clock_hz = clock_hz;
}

static void restart(void)
{
    espressif_console_flush(); /* what was said last is still in the UART */
    espressif_change(ESP32C3_RTC_OPTIONS, 0, ESP32C3_RTC_SYSTEM_RESET);
    for (;;) {
    }
}

tnf_status_t tnf_port_reset(bool bootloader)
{
    if (bootloader) {
        espressif_set(ESP32C3_RTC_OPTIONS1, ESP32C3_RTC_FORCE_DOWNLOAD);
    }
    restart();
    return TNF_OK;
}

void tnf_fault_end(void)
{
    restart();
}
