/* The port of AVR chips with USART 0, timer 5 and a watchdog: ATmega2560 and its relatives.
 *
 * At 16 MHz no divider makes exactly 115200 baud. With U2X it is 117,647, 2.1 % fast, without it
 * 3.5 % slow: U2X it is. The Mega's own USB chip has the same clock and divides the same way.
 *
 * An empty read does not sleep: QEMU 7 never gets past a SLEEP. */
#include <avr/interrupt.h>
#include <avr/io.h>

#include "avr.h"
#include "avr_clock.h"
#include "tnf_board.h"
#include "tnf_port.h"

#define BAUD_DIVIDER ((AVR_CLOCK_HZ + 4UL * TNF_BAUD) / (8UL * TNF_BAUD))
/* One tick in 1024 is the overflow handler's and is not counted. */
#define TICKS_PER_MS (AVR_CLOCK_HZ / 1000UL * 1023UL / 1024UL)
/* Longer than the watchdog's shortest time, 16 ms; a turn of the loop takes 6 cycles or more. */
#define RESET_TURNS (AVR_CLOCK_HZ / 100UL)

/* Received and not yet read: 22 ms at 115200 baud. The indices wrap by themselves. */
#define RING_BYTES 256
static volatile uint8_t ring[RING_BYTES];
static volatile uint8_t ring_put;
static volatile uint8_t ring_taken;

static uint32_t uptime_ms;
static uint32_t uptime_ticks; /* the counter when uptime_ms was last brought up to date */

/* Interrupts are asked for with nothing received: QEMU ends when a write to UCSR0B raises one. */
static void listen(void)
{
    if ((UCSR0A & _BV(RXC0)) == 0) {
        UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0);
    }
}

static bool listening(void)
{
    return (UCSR0B & _BV(RXCIE0)) != 0;
}

void tnf_port_init(void)
{
    cli();
    tnf_avr_counter_init();
    uptime_ms = 0;
    uptime_ticks = 0;
    UCSR0A = _BV(U2X0);
    UBRR0 = (uint16_t)(BAUD_DIVIDER - 1UL);
    UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
    UCSR0B = _BV(RXEN0) | _BV(TXEN0);
    listen();
    sei();
}

/* A full ring leaves the byte where it is and turns to polling, until the next answer: the chip
 * loses what comes after the next two bytes, the emulator waits. */
ISR(USART0_RX_vect)
{
    const uint8_t next = (uint8_t)(ring_put + 1u);
    if (next == ring_taken) {
        UCSR0B = _BV(RXEN0) | _BV(TXEN0);
        return;
    }
    ring[ring_put] = UDR0;
    ring_put = next;
}

size_t tnf_port_read(uint8_t *buffer, size_t capacity)
{
    size_t size = 0;
    const bool polling = !listening(); /* asked first: then nothing comes into the ring behind it */
    while (size < capacity && ring_put != ring_taken) {
        buffer[size++] = ring[ring_taken];
        ring_taken = (uint8_t)(ring_taken + 1u);
    }
    while (size < capacity && polling && (UCSR0A & _BV(RXC0)) != 0) {
        buffer[size++] = UDR0;
    }
    (void)tnf_port_uptime_ms(); /* read often enough that the counter cannot wrap unseen */
    return size;
}

size_t tnf_port_write(const uint8_t *data, size_t size)
{
    if (!listening()) {
        listen(); /* the host waits for this, it sends little */
    }
    size_t taken = 0;
    while (taken < size && (UCSR0A & _BV(UDRE0)) != 0) {
        UDR0 = data[taken++];
    }
    return taken;
}

uint32_t tnf_port_uptime_ms(void)
{
    const uint32_t passed = (tnf_port_counter() - uptime_ticks) / TICKS_PER_MS;
    uptime_ticks += passed * TICKS_PER_MS;
    uptime_ms += passed;
    return uptime_ms;
}

void tnf_port_health(tnf_port_health_t *health)
{
    const uint8_t *const top = (const uint8_t *)(RAMEND + 1);
    const uint8_t *deepest = tnf_stack_bottom;
    while (deepest < top && *deepest == AVR_STACK_PAINT) {
        deepest++;
    }
    *health = (tnf_port_health_t){
        .uptime_ms = tnf_port_uptime_ms(),
        .stack_bytes = (uint32_t)(top - tnf_stack_bottom),
        .stack_used_bytes = (uint32_t)(top - deepest),
        .reset_reason = tnf_avr_reset_reason,
    };
}

tnf_status_t tnf_port_reset(bool bootloader)
{
    if (bootloader) {
        return TNF_UNSUPPORTED; /* only the reset line starts it */
    }
    cli();
    MCUSR = 0;
    WDTCSR = _BV(WDCE) | _BV(WDE);
    WDTCSR = _BV(WDE);
    for (volatile uint32_t turns = 0; turns < RESET_TURNS; turns++) {
    }
    /* The emulator has no watchdog: there the program starts again from its first instruction. */
    for (;;) {
        __asm__ volatile("jmp 0");
    }
}
