/* The port of the nRF51 and the nRF52: UART0 as console, timer 0 for time, timer 1 to wake from
 * idle. */
#include "cortex_m.h"
#include "nrf.h"
#include "nrf_pins.h"
#include "rx_ring.h"
#include "tnf_bare.h"
#include "tnf_port.h"

#define TICKS_PER_MS (NRF_TIMER_HZ / 1000u)
/* How long an empty read sleeps at most: 4 ms, which 16 bits hold. */
#define IDLE_TICKS (4u * TICKS_PER_MS)
#define CAPTURE_UPTIME 0
/* Longer than a byte takes. */
#define DRAIN_TURNS 20000u

/* 44 ms of the line, as long as sending the longest of what is sent unasked. */
#define RING_BYTES 512u

static tnf_uptime_t uptime;
static bool sending; /* a byte that the UART has not moved on yet */
static uint32_t reset_reason;

static volatile uint8_t received_bytes[RING_BYTES];
static rx_ring_t received = {received_bytes, RING_BYTES, 0, 0};

static void on_uart(void)
{
    while (NRF_UART0->rx_ready != 0) {
        if (rx_ring_full(&received)) {
            NRF_UART0->interrupt_clear = NRF_UART_RX_READY; /* until there is room again */
            return;
        }
        NRF_UART0->rx_ready = 0;
        rx_ring_put(&received, (uint8_t)NRF_UART0->rx_data);
    }
}

static void on_timer(void)
{
    NRF_TIMER1->compared[0] = 0;
    (void)NRF_TIMER1->compared[0]; /* the write has arrived before the handler ends */
}

CORTEX_M_INTERRUPTS const cortex_m_vector_t interrupts[NRF_TIMER1_IRQ + 1] = {
    [NRF_UART0_IRQ] = on_uart,
    [NRF_TIMER1_IRQ] = on_timer,
};

/* A bootloader may have used all of this. */
static void start_timer(nrf_timer_t *timer, uint32_t bits)
{
    timer->stop = 1;
    timer->interrupt_clear = UINT32_MAX;
    timer->shortcuts = 0;
    timer->mode = 0;
    timer->bits = bits;
    timer->prescaler = 0;
    timer->clear = 1;
}

static nrf_gpio_t *port_of(uint32_t pin)
{
    return NRF_GPIO(pin >> 5);
}

static void start_uart(void)
{
    port_of(NRF_TX_PIN)->out_set = 1u << (NRF_TX_PIN % 32u); /* what an idle line is */
    port_of(NRF_TX_PIN)->direction_set = 1u << (NRF_TX_PIN % 32u);
    port_of(NRF_RX_PIN)->pin[NRF_RX_PIN % 32u] = NRF_GPIO_INPUT_PULLED_UP;
    NRF_UART0->interrupt_clear = UINT32_MAX;
    NRF_UART0->enable = 0;
    NRF_UART0->tx_pin = NRF_TX_PIN;
    NRF_UART0->rx_pin = NRF_RX_PIN;
    NRF_UART0->baud_rate = NRF_UART_115200;
    NRF_UART0->config = 0;
    NRF_UART0->enable = NRF_UART_ENABLE;
    NRF_UART0->rx_ready = 0;
    NRF_UART0->tx_ready = 0;
    NRF_UART0->interrupt_set = NRF_UART_RX_READY;
    NRF_UART0->start_tx = 1;
    NRF_UART0->start_rx = 1;
}

static bool on_crystal(void)
{
    return NRF_CLOCK_POWER->hfclk_started != 0 ||
           (NRF_CLOCK_POWER->hfclk_status & NRF_HFCLK_CRYSTAL) == NRF_HFCLK_CRYSTAL;
}

void tnf_port_init(void)
{
    NRF_CLOCK_POWER->hfclk_started = 0;
    NRF_CLOCK_POWER->hfclk_start = 1; /* the RC oscillator is too inexact for a UART */
    while (!on_crystal()) {
    }
    reset_reason = NRF_CLOCK_POWER->reset_reason;
    NRF_CLOCK_POWER->reset_reason = UINT32_MAX; /* else the next one is added */

    start_timer(NRF_TIMER0, NRF_TIMER_32_BITS);
    NRF_TIMER0->start = 1;
    start_timer(NRF_TIMER1, NRF_TIMER_16_BITS);
    NRF_TIMER1->compare[0] = IDLE_TICKS;
    NRF_TIMER1->shortcuts = NRF_TIMER_STOP_0;
    NRF_TIMER1->interrupt_set = NRF_TIMER_COMPARED_0;
    nrf_counter_start();
    start_uart();
    for (unsigned word = 0; word < NRF_IRQ_WORDS; word++) {
        CORTEX_M_NVIC_DISABLE[word] = UINT32_MAX;
        CORTEX_M_NVIC_CLEAR_PENDING[word] = UINT32_MAX;
    }
    *CORTEX_M_NVIC_ENABLE = (1u << NRF_UART0_IRQ) | (1u << NRF_TIMER1_IRQ);
    __asm__ volatile("cpsie i" ::: "memory");
}

/* Whether the UART takes another byte: it says when the last one has moved on. */
static bool writable(void)
{
    sending = sending && NRF_UART0->tx_ready == 0;
    return !sending;
}

/* Sleeps until a byte comes, for a few milliseconds at most. */
static void idle(void)
{
    NRF_TIMER1->clear = 1;
    NRF_TIMER1->start = 1;
    /* What comes between the look and the sleep is pending and ends it at once. */
    __asm__ volatile("cpsid i" ::: "memory");
    if (rx_ring_empty(&received)) {
        __asm__ volatile("dsb\n\twfi" ::: "memory");
    }
    __asm__ volatile("cpsie i" ::: "memory");
    NRF_TIMER1->stop = 1; /* nothing interrupts an inference but a byte that comes */
}

size_t tnf_port_read(uint8_t *buffer, size_t capacity)
{
    if (rx_ring_empty(&received) && writable()) {
        idle();
    }
    size_t size = rx_ring_take(&received, buffer, capacity);
    if (NRF_UART0->error_source != 0) {
        NRF_UART0->error_source = NRF_UART_ERRORS; /* the frame's checksum tells */
    }
    NRF_UART0->interrupt_set = NRF_UART_RX_READY;
    (void)tnf_port_uptime_ms(); /* read often enough that the timer cannot wrap unseen */
    return size;
}

size_t tnf_port_write(const uint8_t *data, size_t size)
{
    size_t taken = 0;
    while (taken < size && writable()) {
        NRF_UART0->tx_ready = 0;
        NRF_UART0->tx_data = data[taken++];
        sending = true;
    }
    return taken;
}

static void drain(void)
{
    for (uint32_t turns = DRAIN_TURNS; turns > 0 && !writable(); turns--) {
    }
}

uint32_t tnf_port_uptime_ms(void)
{
    NRF_TIMER0->capture[CAPTURE_UPTIME] = 1;
    return tnf_uptime_ms(&uptime, NRF_TIMER0->compare[CAPTURE_UPTIME], TICKS_PER_MS);
}

void tnf_port_health(tnf_port_health_t *health)
{
    *health = tnf_bare_health(tnf_port_uptime_ms());
    health->reset_reason = reset_reason;
}

tnf_status_t tnf_port_reset(bool bootloader)
{
    if (!bootloader) {
        drain();
        cortex_m_restart();
    }
    return TNF_UNSUPPORTED;
}

/* On a chip without a debugger this locks the core up, and a lockup resets the chip. */
void tnf_fault_end(void)
{
    drain();
    cortex_m_end_emulator();
}
