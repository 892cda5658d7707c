/* The port of Arm's MPS2 board: UART0 as console, timer 0 as counter, timer 1 to wake from idle.
 *
 * Under QEMU with `-icount shift=7` an instruction takes 128 ns, so the 25 MHz timer gives 3.2
 * ticks an instruction and a difference of two readings names the exact number of instructions. */
#include "mps2.h"
#include "tnf_port.h"

/* How often an empty read looks again before it sleeps: the next byte of a block is usually that
 * near, and waking up takes the emulator longer. */
#define IDLE_LOOKS 200
/* How long it sleeps at most, in ticks: 4 ms. */
#define IDLE_TICKS (MPS2_CLOCK_HZ / 250u)
#define TICKS_PER_MS (MPS2_CLOCK_HZ / 1000u)

static uint32_t uptime_ms;
static uint32_t uptime_ticks; /* the counter when uptime_ms was last brought up to date */

void tnf_port_init(void)
{
    MPS2_TIMER0->reload = UINT32_MAX;
    MPS2_TIMER0->value = UINT32_MAX;
    MPS2_TIMER0->control = MPS2_TIMER_ENABLE;
    uptime_ms = 0;
    uptime_ticks = tnf_port_counter();
    MPS2_UART0->divider = 16; /* the fastest it takes; the emulator does not look at it */
    MPS2_UART0->control = MPS2_UART_TX_ENABLE | MPS2_UART_RX_ENABLE | MPS2_UART_RX_INTERRUPT;
    /* Only to end WFI: PRIMASK keeps them from being taken. */
    *CORTEX_M_NVIC_ENABLE = (1u << MPS2_UART0_RX_IRQ) | (1u << MPS2_TIMER1_IRQ);
}

static bool received(void)
{
    return (MPS2_UART0->state & MPS2_UART_RX_FULL) != 0;
}

static void idle(void)
{
    for (int looks = 0; looks < IDLE_LOOKS; looks++) {
        if (received()) {
            return;
        }
    }
    MPS2_TIMER1->value = IDLE_TICKS;
    MPS2_TIMER1->control = MPS2_TIMER_ENABLE | MPS2_TIMER_INTERRUPT;
    __asm__ volatile("dsb\n\twfi" ::: "memory");
    MPS2_TIMER1->control = 0;
    MPS2_TIMER1->interrupt = 1;
    MPS2_UART0->interrupt = MPS2_UART_RX_INTERRUPTED;
    *CORTEX_M_NVIC_CLEAR_PENDING = (1u << MPS2_UART0_RX_IRQ) | (1u << MPS2_TIMER1_IRQ);
}

size_t tnf_port_read(uint8_t *buffer, size_t capacity)
{
    size_t size = 0;
    idle();
    while (size < capacity && received()) {
        buffer[size++] = (uint8_t)MPS2_UART0->data;
    }
    (void)tnf_port_uptime_ms(); /* read often enough that the counter cannot wrap unseen */
    return size;
}

void tnf_port_write(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        while ((MPS2_UART0->state & MPS2_UART_TX_FULL) != 0) {
        }
        MPS2_UART0->data = data[i];
    }
}

uint32_t tnf_port_counter(void)
{
    return UINT32_MAX - MPS2_TIMER0->value; /* it counts down */
}

uint32_t tnf_port_uptime_ms(void)
{
    uint32_t passed = (tnf_port_counter() - uptime_ticks) / TICKS_PER_MS;
    uptime_ticks += passed * TICKS_PER_MS;
    uptime_ms += passed;
    return uptime_ms;
}

void tnf_port_health(tnf_port_health_t *health)
{
    const uint32_t *deepest = tnf_stack_bottom;
    while (deepest < tnf_stack_top && *deepest == TNF_STACK_PAINT) {
        deepest++;
    }
    *health = (tnf_port_health_t){
        .uptime_ms = tnf_port_uptime_ms(),
        .stack_bytes = (uint32_t)(tnf_stack_top - tnf_stack_bottom) * sizeof(uint32_t),
        .stack_used_bytes = (uint32_t)(tnf_stack_top - deepest) * sizeof(uint32_t),
    };
}

tnf_status_t tnf_port_reset(bool bootloader)
{
    if (bootloader) {
        return TNF_UNSUPPORTED; /* it has none */
    }
    __asm__ volatile("dsb" ::: "memory");
    *CORTEX_M_AIRCR = CORTEX_M_AIRCR_RESET;
    for (;;) {
    }
}
