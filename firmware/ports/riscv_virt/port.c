/* The port of QEMU's RISC-V machine `virt`: UART0 as console, retired instructions as counter.
 *
 * Under QEMU with `-icount shift=0` rdinstret counts exactly the instructions executed. */
#include "riscv_virt.h"
#include "tnf_bare.h"

#define TICKS_PER_MS (RISCV_VIRT_MTIME_HZ / 1000u)
/* How often an empty read looks again before it sleeps, and for how many ticks at most: 4 ms. */
#define IDLE_LOOKS 200
#define IDLE_TICKS (4u * TICKS_PER_MS)

#define MIE_TIMER 0x080u
#define MIE_EXTERNAL 0x800u

static tnf_uptime_t uptime;
static bool sending; /* and not all of it: no rest */

void tnf_port_init(void)
{
    uptime = (tnf_uptime_t){.ticks = RISCV_VIRT_MTIME[0]};
    RISCV_VIRT_UART0->line_control = RISCV_VIRT_UART_8N1;
    /* The FIFO stays off: switching it on drops what the host has sent already, and the emulator
     * hands over the next byte as soon as one is read. */
    RISCV_VIRT_UART0->interrupt_enable = RISCV_VIRT_UART_RX_INTERRUPT;
    RISCV_VIRT_PLIC_PRIORITY[RISCV_VIRT_UART0_IRQ] = 1;
    RISCV_VIRT_PLIC_ENABLE[0] = 1u << RISCV_VIRT_UART0_IRQ;
    /* Only to end WFI: mstatus.MIE stays off, so they are never taken. */
    __asm__ volatile(".option push\n\t"
                     ".option arch, +zicsr\n\t"
                     "csrw mie, %0\n\t"
                     ".option pop" ::"r"(MIE_TIMER | MIE_EXTERNAL));
}

static bool received(void)
{
    return (RISCV_VIRT_UART0->line_status & RISCV_VIRT_UART_RX_READY) != 0;
}

static void wake_at(uint32_t high, uint32_t low)
{
    RISCV_VIRT_MTIMECMP[1] = UINT32_MAX; /* so that no half-written time is ever in the past */
    RISCV_VIRT_MTIMECMP[0] = low;
    RISCV_VIRT_MTIMECMP[1] = high;
}

static void idle(void)
{
    /* The last byte's interrupt stays pending until it is claimed, although nobody takes it. */
    uint32_t interrupt = *RISCV_VIRT_PLIC_CLAIM;
    if (interrupt != 0) {
        *RISCV_VIRT_PLIC_CLAIM = interrupt;
    }
    for (int looks = 0; looks < IDLE_LOOKS; looks++) {
        if (received() || sending) {
            return;
        }
    }
    uint32_t now = RISCV_VIRT_MTIME[0];
    uint32_t low = now + IDLE_TICKS;
    wake_at(RISCV_VIRT_MTIME[1] + (low < now ? 1u : 0u), low);
    __asm__ volatile("fence\n\twfi" ::: "memory");
}

size_t tnf_port_read(uint8_t *buffer, size_t capacity)
{
    size_t size = 0;
    idle();
    while (size < capacity && received()) {
        buffer[size++] = RISCV_VIRT_UART0->data;
    }
    (void)tnf_port_uptime_ms(); /* read often enough that the time cannot wrap unseen */
    return size;
}

size_t tnf_port_write(const uint8_t *data, size_t size)
{
    size_t taken = 0;
    while (taken < size && (RISCV_VIRT_UART0->line_status & RISCV_VIRT_UART_TX_EMPTY) != 0) {
        RISCV_VIRT_UART0->data = data[taken++];
    }
    sending = taken < size;
    return taken;
}

uint32_t tnf_port_counter(void)
{
    uint32_t count;
    __asm__ volatile(".option push\n\t"
                     ".option arch, +zicsr\n\t"
                     "csrr %0, minstret\n\t"
                     ".option pop"
                     : "=r"(count));
    return count;
}

uint32_t tnf_port_uptime_ms(void)
{
    return tnf_uptime_ms(&uptime, RISCV_VIRT_MTIME[0], TICKS_PER_MS);
}

void tnf_port_health(tnf_port_health_t *health)
{
    *health = tnf_bare_health(tnf_port_uptime_ms());
}

tnf_status_t tnf_port_reset(bool bootloader)
{
    if (bootloader) {
        return TNF_UNSUPPORTED; /* it has none */
    }
    *RISCV_VIRT_TEST = RISCV_VIRT_TEST_RESET;
    for (;;) {
    }
}
