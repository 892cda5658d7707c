/* The port of Arm's MPS2 board: UART0 as console, timer 0 as counter, timer 1 to wake from idle.
 *
 * Under QEMU with `-icount shift=7` an instruction takes 128 ns, so the 25 MHz timer gives 3.2
 * ticks an instruction and a difference of two readings names the exact number of instructions. */
#include "armv7m.h"
#include "cortex_m.h"
#include "mps2.h"
#include "tnf_bare.h"

/* How often an empty read looks again before it sleeps: the next byte of a block is usually that
 * near, and waking up takes the emulator longer. */
#define IDLE_LOOKS 200
/* How long it sleeps at most, in ticks: 4 ms. */
#define IDLE_TICKS (MPS2_CLOCK_HZ / 250u)
#define TICKS_PER_MS (MPS2_CLOCK_HZ / 1000u)

static tnf_uptime_t uptime;

void tnf_port_init(void)
{
    MPS2_TIMER0->reload = UINT32_MAX;
    MPS2_TIMER0->value = UINT32_MAX;
    MPS2_TIMER0->control = MPS2_TIMER_ENABLE;
    uptime = (tnf_uptime_t){.ticks = tnf_port_counter()};
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
    return tnf_uptime_ms(&uptime, tnf_port_counter(), TICKS_PER_MS);
}

void tnf_port_health(tnf_port_health_t *health)
{
    *health = tnf_bare_health(tnf_port_uptime_ms());
}

tnf_status_t tnf_port_reset(bool bootloader)
{
    if (!bootloader) {
        cortex_m_restart();
    }
    return TNF_UNSUPPORTED; /* it has none */
}

/* Flash is ordinary memory on this board: writes to it are made to fault, as on a chip. */
void tnf_board_early(void)
{
    armv7m_protect(0, MPS2_FLASH, ARMV7M_MPU_READ_ONLY(MPS2_FLASH_LOG2));
}

/* Ends the emulator with an exit status, through semihosting. On a board, where nobody answers
 * semihosting, the breakpoint locks the core up, which is a visible stop as well. */
void tnf_fault_end(void)
{
    const uint32_t block[2] = {0x20026u /* the application exited */, 1};
    register uint32_t operation __asm__("r0") = 0x20u; /* SYS_EXIT_EXTENDED */
    register const uint32_t *argument __asm__("r1") = block;
    __asm__ volatile("bkpt 0xAB" : "+r"(operation) : "r"(argument) : "memory");
    for (;;) {
    }
}
