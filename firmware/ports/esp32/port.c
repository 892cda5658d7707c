/* The port of the ESP32 without an SDK: its first core, UART 0 as console, CCOUNT as counter.
 *
 * The ROM loads code and data into RAM and starts it with the clock it has chosen itself, which is
 * measured here against a timer on the peripheral bus. That bus's clock is told by the divider that
 * the ROM has given the UART. Not tried on silicon. */
#include "esp32.h"
#include "espressif.h"
#include "espressif_io.h"
#include "tnf_bare.h"
#include "xtensa.h"

#define TICKS_PER_MS 1000u
#define MEASURED_TICKS 1000u
/* A timer that does not answer is given up. */
#define MOST_LOOKS 1000
/* A timer that stands still ends the measurement: far more than it takes at any clock. */
#define MOST_CYCLES 1000000u

static const espressif_uart_t uart0 = {ESP32_UART0, ESP32_UART0_FIFO_OUT};
static tnf_uptime_t uptime;
static uint32_t clock_hz;

void tnf_board_early(void)
{
    espressif_watchdog_off(ESP32_RTC_WATCHDOG_PROTECT, ESP32_RTC_WATCHDOG);
    espressif_watchdog_off(ESP32_TIMER0_WATCHDOG_PROTECT, ESP32_TIMER0_WATCHDOG);
    espressif_watchdog_off(ESP32_TIMER1_WATCHDOG_PROTECT, ESP32_TIMER1_WATCHDOG);
    esp32_map_flash(ESPRESSIF_FIRST_PAGE, espressif_flash_pages());
}

/* The ROM has measured the crystal by an RC oscillator, some percent off: which of the crystals
 * that there are it is, or the PLL. */
static uint32_t bus_hz(void)
{
    uint32_t hz = espressif_uart_clock_hz(&uart0);
    return hz > 60000000u ? 80000000u : hz > 33000000u ? 40000000u : 26000000u;
}

/* Microseconds. */
static uint32_t ticks(void)
{
    espressif_set(ESP32_TIMER_UPDATE, ESP32_TIMER_UPDATE_NOW);
    for (int left = MOST_LOOKS; left > 0; left--) {
        if (espressif_get(ESP32_TIMER_UPDATE) == 0) {
            break;
        }
    }
    return espressif_get(ESP32_TIMER_LOW);
}

/* The core's clock, rounded to 100 kHz; 0 when the timer does not run. */
static uint32_t measured_hz(void)
{
    uint32_t first = xtensa_cycles();
    uint32_t before = ticks(), tick = before;
    while (tick == before) {
        if (xtensa_cycles() - first > MOST_CYCLES) {
            return 0;
        }
        tick = ticks();
    }
    first = xtensa_cycles();
    while (ticks() - tick < MEASURED_TICKS) {
    }
    uint32_t cycles = xtensa_cycles() - first;
    return (cycles * (1000u * TICKS_PER_MS / MEASURED_TICKS) + 50000u) / 100000u * 100000u;
}

void tnf_port_init(void)
{
    uint32_t bus = bus_hz(), divider = bus / (1000u * TICKS_PER_MS);
    espressif_set(ESP32_TIMER, 0);
    espressif_set(ESP32_TIMER, ESP32_TIMER_UP | divider << ESP32_TIMER_DIVIDER_SHIFT);
    clock_hz = measured_hz();
    uptime = (tnf_uptime_t){.ticks = ticks()};
    espressif_set(ESP32_UART_INTERRUPT_MAP, ESP32_UART_INTERRUPT);
    espressif_console_start(&uart0, bus);
}

/* The UART's own count loses one when a read of its register is interrupted (erratum UART-3.17). It
 * only tells a full FIFO from an empty one. */
uint32_t espressif_received(void)
{
    uint32_t pointers = espressif_get(ESP32_UART0_POINTERS);
    uint32_t bytes =
        ((pointers >> ESP32_UART0_WRITE_SHIFT) - (pointers >> ESP32_UART0_READ_SHIFT)) &
        (ESP32_UART0_FIFO_BYTES - 1u);
    if (bytes == 0 && (espressif_get(ESP32_UART0_STATUS) & ESP32_UART0_COUNT) > 0) {
        bytes = ESP32_UART0_FIFO_BYTES;
    }
    return bytes;
}

void espressif_take_interrupts(bool take)
{
    xtensa_enable(take ? 1u << ESP32_UART_INTERRUPT : 0);
}

void tnf_interrupt(void)
{
    espressif_console_interrupt();
}

uint32_t tnf_port_counter(void)
{
    return xtensa_cycles();
}

uint32_t tnf_port_uptime_ms(void)
{
    return tnf_uptime_ms(&uptime, ticks(), TICKS_PER_MS);
}

void tnf_port_health(tnf_port_health_t *health)
{
    *health = tnf_bare_health(tnf_port_uptime_ms());
    health->reset_reason = espressif_get(ESP32_RTC_RESET_STATE) & ESP32_RTC_RESET_REASON;
    health->clock_hz = clock_hz;
}

static void restart(void)
{
    espressif_console_flush(); /* what was said last is still in the UART */
    espressif_change(ESP32_RTC_OPTIONS, 0, ESP32_RTC_SYSTEM_RESET);
    for (;;) {
    }
}

tnf_status_t tnf_port_reset(bool bootloader)
{
    if (bootloader) {
        return TNF_UNSUPPORTED; /* a pin decides, through the serial chip's lines */
    }
    restart();
    return TNF_OK;
}

void tnf_fault_end(void)
{
    restart();
}
