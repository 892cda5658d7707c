/* The port of Arm's MPS2 and MPS3 boards: UART 0 as console, a timer as counter, another to wake
 * from idle. fpga_image.h, of the image's own layer, says where they are.
 *
 * Under QEMU with `-icount shift=7` an instruction takes 128 ns, which is more than two ticks of
 * the counter: a difference of two readings names the exact number of instructions. */
#include "cortex_m.h"
#include "fpga_image.h"
#include "tnf_bare.h"

/* How often an empty read looks again before it sleeps: the next byte of a block is usually that
 * near, and waking up takes the emulator longer. */
#define IDLE_LOOKS 200
/* How long it sleeps at most, in ticks: 4 ms. */
#define IDLE_TICKS (FPGA_COUNTER_HZ / 250u)
#define TICKS_PER_MS (FPGA_COUNTER_HZ / 1000u)

static tnf_uptime_t uptime;
static bool sending; /* and not all of it: no rest */

void tnf_port_init(void)
{
    fpga_counter_start();
    uptime = (tnf_uptime_t){.ticks = tnf_port_counter()};
    FPGA_UART0->divider = 16; /* the fastest it takes; the emulator does not look at it */
    FPGA_UART0->control = CMSDK_UART_TX_ENABLE | CMSDK_UART_RX_ENABLE | CMSDK_UART_RX_INTERRUPT;
    /* Only to end WFI: PRIMASK keeps them from being taken. */
    CORTEX_M_NVIC_ENABLE[0] = FPGA_WAKING_0;
    CORTEX_M_NVIC_ENABLE[1] = FPGA_WAKING_1;
}

static bool received(void)
{
    return (FPGA_UART0->state & CMSDK_UART_RX_FULL) != 0;
}

static void idle(void)
{
    for (int looks = 0; looks < IDLE_LOOKS; looks++) {
        if (received() || sending) {
            return;
        }
    }
    fpga_alarm_set(IDLE_TICKS);
    __asm__ volatile("dsb\n\twfi" ::: "memory");
    fpga_alarm_clear();
    FPGA_UART0->interrupt = CMSDK_UART_RX_INTERRUPTED;
    CORTEX_M_NVIC_CLEAR_PENDING[0] = FPGA_WAKING_0;
    CORTEX_M_NVIC_CLEAR_PENDING[1] = FPGA_WAKING_1;
}

size_t tnf_port_read(uint8_t *buffer, size_t capacity)
{
    size_t size = 0;
    idle();
    while (size < capacity && received()) {
        buffer[size++] = (uint8_t)FPGA_UART0->data;
    }
    (void)tnf_port_uptime_ms(); /* read often enough that the counter cannot wrap unseen */
    return size;
}

size_t tnf_port_write(const uint8_t *data, size_t size)
{
    size_t taken = 0;
    while (taken < size && (FPGA_UART0->state & CMSDK_UART_TX_FULL) == 0) {
        FPGA_UART0->data = data[taken++];
    }
    sending = taken < size;
    return taken;
}

uint32_t tnf_port_counter(void)
{
    return fpga_counter();
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
    tnf_write_guard(FPGA_FLASH, FPGA_FLASH_LOG2);
}

void tnf_fault_end(void)
{
    cortex_m_end_emulator();
}
