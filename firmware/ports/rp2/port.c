/* The port of the RP2040 and the RP2350: UART0 on pins 0 and 1 as console, the microsecond timer
 * for time and to wake from idle. */
#include "cortex_m.h"
#include "rp2.h"
#include "rp2_chip.h"
#include "rx_ring.h"
#include "tnf_bare.h"
#include "tnf_port.h"

#define BAUD 115200u
#define DIVIDER_64THS ((RP2_CLOCK_HZ * 4u + BAUD / 2u) / BAUD)
#define US_PER_MS 1000u
/* How long an empty read sleeps at most. */
#define IDLE_US 4000u
/* The crystal's own data sheet asks for 1 ms; slower crystals need more. */
#define CRYSTAL_STARTUP_MS 64u

#define TX_PIN 0
#define RX_PIN 1

#define RING_BYTES 2048u

static tnf_uptime_t uptime;
static bool sending; /* and not all of it: no rest */

static volatile uint8_t received_bytes[RING_BYTES];
static rx_ring_t received = {received_bytes, RING_BYTES, 0, 0};

static void on_uart(void)
{
    while ((RP2_UART0->flags & RP2_UART_RX_EMPTY) == 0) {
        if (rx_ring_full(&received)) {
            RP2_UART0->interrupts = 0; /* until there is room again */
            return;
        }
        rx_ring_put(&received, (uint8_t)RP2_UART0->data);
    }
    RP2_UART0->interrupts_clear = RP2_UART_RX_INTERRUPTS;
}

static void on_alarm(void)
{
    RP2_TIMER_INTERRUPTED = 1;
}

CORTEX_M_INTERRUPTS const cortex_m_vector_t interrupts[RP2_UART0_IRQ + 1] = {
    [RP2_TIMER_IRQ] = on_alarm,
    [RP2_UART0_IRQ] = on_uart,
};

static void release(uint32_t blocks)
{
    RP2_CLEAR(RP2_RESETS->reset) = blocks;
    while ((~RP2_RESETS->done & blocks) != 0) {
    }
}

static void select(rp2_clock_t *clock, uint32_t source)
{
    clock->control = source;
    while ((clock->selected & 1u << source) == 0) {
    }
}

static void start_clocks(void)
{
    RP2_RESUSCITATE = 0; /* else it would take a pause of the clock for a fault */
    RP2_CRYSTAL->control = RP2_CRYSTAL_1_TO_15_MHZ;
    RP2_CRYSTAL->startup = RP2_CRYSTAL_HZ / 1000u * CRYSTAL_STARTUP_MS / 256u;
    RP2_SET(RP2_CRYSTAL->control) = RP2_CRYSTAL_ENABLE;
    while ((RP2_CRYSTAL->status & RP2_CRYSTAL_STABLE) == 0) {
    }
    select(&RP2_CLOCKS->system, RP2_SYSTEM_REFERENCE); /* off the PLL, should it run */
    select(&RP2_CLOCKS->reference, RP2_REFERENCE_CRYSTAL);

    RP2_SET(RP2_RESETS->reset) = RP2_RESET_PLL;
    release(RP2_RESET_PLL);
    RP2_PLL->control = 1;
    RP2_PLL->multiplier = RP2_PLL_MULTIPLIER;
    RP2_CLEAR(RP2_PLL->power) = RP2_PLL_OFF | RP2_PLL_VCO_OFF;
    while ((RP2_PLL->control & RP2_PLL_LOCKED) == 0) {
    }
    RP2_PLL->dividers = RP2_PLL_DIVIDERS(RP2_PLL_DIVIDER_1, RP2_PLL_DIVIDER_2);
    RP2_CLEAR(RP2_PLL->power) = RP2_PLL_DIVIDERS_OFF;
    select(&RP2_CLOCKS->system, RP2_SYSTEM_PLL);
    RP2_CLOCKS->peripherals.control = RP2_PERIPHERALS_SYSTEM;
}

static void start_uart(void)
{
    RP2_PINS[TX_PIN].control = RP2_PIN_UART;
    RP2_PINS[RX_PIN].control = RP2_PIN_UART;
    RP2_PADS[TX_PIN] = RP2_PAD_OUTPUT;
    RP2_PADS[RX_PIN] = RP2_PAD_INPUT_PULLED_UP;
    RP2_UART0->divider = DIVIDER_64THS / 64u;
    RP2_UART0->divider_64ths = DIVIDER_64THS % 64u;
    RP2_UART0->line = RP2_UART_8N1_FIFO; /* this takes the divider as well */
    RP2_UART0->levels = RP2_UART_LEVELS;
    RP2_UART0->interrupts = RP2_UART_RX_INTERRUPTS;
    RP2_UART0->control = RP2_UART_ENABLE;
}

static void enable(uint32_t interrupt)
{
    CORTEX_M_NVIC_ENABLE[interrupt / 32u] = 1u << interrupt % 32u;
}

void tnf_port_init(void)
{
    start_clocks();
    release(RP2_RESET_PINS | RP2_RESET_PADS | RP2_RESET_TIMER | RP2_RESET_UART0);
    rp2_counters_start();
    uptime = (tnf_uptime_t){.ticks = RP2_TIMER->raw_low};
    start_uart();
    RP2_TIMER_INTERRUPTS = 1;
    enable(RP2_TIMER_IRQ);
    enable(RP2_UART0_IRQ);
    __asm__ volatile("cpsie i" ::: "memory");
}

/* Sleeps until a byte comes, for a few milliseconds at most. */
static void idle(void)
{
    RP2_TIMER->alarms[0] = RP2_TIMER->raw_low + IDLE_US;
    /* What comes between the look and the sleep is pending and ends it at once. */
    __asm__ volatile("cpsid i" ::: "memory");
    if (rx_ring_empty(&received)) {
        __asm__ volatile("dsb\n\twfi" ::: "memory");
    }
    __asm__ volatile("cpsie i" ::: "memory");
    RP2_TIMER->armed = 1;
    (void)tnf_port_counter(); /* it may have stood still meanwhile */
}

size_t tnf_port_read(uint8_t *buffer, size_t capacity)
{
    if (rx_ring_empty(&received) && !sending) {
        idle();
    }
    size_t size = rx_ring_take(&received, buffer, capacity);
    RP2_UART0->interrupts = RP2_UART_RX_INTERRUPTS;
    (void)tnf_port_uptime_ms(); /* read often enough that the timer cannot wrap unseen */
    return size;
}

size_t tnf_port_write(const uint8_t *data, size_t size)
{
    size_t taken = 0;
    while (taken < size && (RP2_UART0->flags & RP2_UART_TX_FULL) == 0) {
        RP2_UART0->data = data[taken++];
    }
    sending = taken < size;
    return taken;
}

void rp2_uart_drain(void)
{
    while ((RP2_UART0->flags & RP2_UART_BUSY) != 0) {
    }
}

uint32_t tnf_port_uptime_ms(void)
{
    return tnf_uptime_ms(&uptime, RP2_TIMER->raw_low, US_PER_MS);
}

void tnf_port_health(tnf_port_health_t *health)
{
    *health = tnf_bare_health(tnf_port_uptime_ms());
    health->reset_reason = rp2_reset_reason();
}

void tnf_fault_end(void)
{
    (void)tnf_port_reset(false);
}
