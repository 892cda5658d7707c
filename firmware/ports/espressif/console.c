/* The console of Espressif's chips: UART 0, whose registers are the same in all of them.
 *
 * The hardware keeps 128 bytes, 11 ms at 115200 baud. The host repeats a request that is not
 * answered in time, so up to a whole one may arrive during an inference, or during the answer to
 * the one before: an interrupt takes them at half that. Everything else is polled. Nothing ever
 * interrupts a read of the FIFO: the ESP32 would stand still for good (its erratum CPU-3.21).
 */
#include "espressif.h"
#include "espressif_io.h"
#include "rx_ring.h"
#include "tnf_board.h"
#include "tnf_port.h"

#define FIFO 0x00u
#define INTERRUPT_ENABLE 0x0Cu
#define INTERRUPT_CLEAR 0x10u
#define CLOCK_DIVIDER 0x14u
#define STATUS 0x1Cu
#define CONFIG1 0x24u

#define RECEIVED_ENOUGH 0x1u /* interrupt: as many bytes as CONFIG1 says, or more */
#define ENOUGH 64u
#define ENOUGH_MASK 0x7Fu
#define COUNT_MASK 0xFFu
#define SENDING_SHIFT 16
#define SENDING_MOST 126u

/* Longer than a byte takes, at any clock of the core. */
#define LAST_BYTE_TURNS 20000u

#define DIVIDER_WHOLE 0xFFFFFu
#define DIVIDER_PART_SHIFT 20
#define DIVIDER_PART 0xFu
#define DIVIDER_PARTS 16u

static volatile uint8_t received[2048];
static rx_ring_t ring = {received, sizeof received, 0, 0};
static espressif_uart_t uart;

/* In sixteenths. */
static uint32_t divider(uint32_t base)
{
    uint32_t value = espressif_get(base + CLOCK_DIVIDER);
    return (value & DIVIDER_WHOLE) * DIVIDER_PARTS + (value >> DIVIDER_PART_SHIFT & DIVIDER_PART);
}

uint32_t espressif_uart_clock_hz(const espressif_uart_t *which)
{
    uint32_t hz = divider(which->base) * (ESPRESSIF_ROM_BAUD / DIVIDER_PARTS);
    return (hz + 500000u) / 1000000u * 1000000u;
}

static uint32_t sending(void)
{
    return espressif_get(uart.base + STATUS) >> SENDING_SHIFT & COUNT_MASK;
}

void espressif_console_start(const espressif_uart_t *which, uint32_t clock_hz)
{
    uint32_t wanted = clock_hz * DIVIDER_PARTS / TNF_BAUD;
    uart = *which;
    if (wanted != divider(uart.base)) {
        espressif_console_flush(); /* what the ROM says last */
        espressif_set(uart.base + CLOCK_DIVIDER,
                      wanted / DIVIDER_PARTS | wanted % DIVIDER_PARTS << DIVIDER_PART_SHIFT);
    }
    espressif_set(uart.base + INTERRUPT_ENABLE, 0);
    espressif_change(uart.base + CONFIG1, ENOUGH_MASK, ENOUGH);
    espressif_set(uart.base + INTERRUPT_CLEAR, UINT32_MAX);
    espressif_set(uart.base + INTERRUPT_ENABLE, RECEIVED_ENOUGH);
    espressif_take_interrupts(true);
}

void espressif_console_interrupt(void)
{
    for (uint32_t left = espressif_received(); left > 0; left--) {
        rx_ring_put(&ring, (uint8_t)espressif_get(uart.base + FIFO));
    }
    espressif_set(uart.base + INTERRUPT_CLEAR, RECEIVED_ENOUGH);
}

void espressif_console_flush(void)
{
    while (sending() > 0) {
    }
    /* The last byte has left the FIFO, but not yet the line. */
    for (volatile uint32_t left = LAST_BYTE_TURNS; left > 0; left--) {
    }
}

size_t tnf_port_read(uint8_t *buffer, size_t capacity)
{
    espressif_take_interrupts(false);
    espressif_console_interrupt();
    espressif_take_interrupts(true);
    (void)tnf_port_uptime_ms(); /* read often enough that its timer cannot wrap unseen */
    return rx_ring_take(&ring, buffer, capacity);
}

size_t tnf_port_write(const uint8_t *data, size_t size)
{
    size_t taken = 0;
    while (taken < size && sending() < SENDING_MOST) {
        espressif_set(uart.fifo_out, data[taken++]);
    }
    return taken;
}

void espressif_watchdog_off(uint32_t protect, uint32_t config)
{
    espressif_set(protect, ESPRESSIF_WATCHDOG_KEY);
    espressif_set(config, 0);
    espressif_set(protect, 0);
}
