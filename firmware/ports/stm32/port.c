/* The port of STM32 chips: a UART as console, received by interrupt; the core's cycle counter.
 *
 * The cycle counter stands still while the core sleeps, so TIM5 keeps the time. Where the cycle
 * counter never counts, which is in the emulator, TIM2 stands in for it: there it goes with the
 * instructions. Not tried on silicon. */
#include "armv7m.h"
#include "cortex_m.h"
#include "register.h"
#include "rx_ring.h"
#include "stm32.h"
#include "stm32_board.h"
#include "tnf_bare.h"
#include "tnf_board.h"

/* A request of the host's is smaller. */
#define RING_BYTES 2048u
/* How often an empty read looks again before it sleeps: waking up takes the emulator longer. */
#define IDLE_LOOKS 200
/* How long it sleeps at most. */
#define IDLE_MS 4u
#define UPTIME_HZ 1000000u
/* QEMU's timers count nanoseconds, whatever the clocks. By 16 they are slow enough that 32 bits
 * last for 500 million instructions of 128 ns, and fast enough to tell each: 8 ticks. */
#define EMULATED_TIMER_HZ 1000000000u
#define EMULATED_DIVIDE 16u

static volatile uint8_t ring_bytes[RING_BYTES];
static rx_ring_t ring = {.bytes = ring_bytes, .size = RING_BYTES};
static tnf_uptime_t uptime;
static bool sending; /* and not all of it: no rest */
static stm32_clocks_t clocks;
static uint32_t reset_reason;
static bool emulated;

static void stm32_uart_handler(void)
{
    uint8_t byte;
    while (stm32_uart_take(&byte)) {
        rx_ring_put(&ring, byte);
    }
}

/* No other interrupt is ever enabled. */
CORTEX_M_INTERRUPTS static const cortex_m_vector_t handlers[STM32_UART_IRQ + 1u] = {
    [STM32_UART_IRQ] = stm32_uart_handler,
};

static void timer_start(uint32_t timer, uint32_t divide)
{
    reg_write(timer + TIM_PSC, divide - 1u);
    reg_write(timer + TIM_ARR, UINT32_MAX);
    reg_write(timer + TIM_EGR, TIM_EGR_UPDATE);
    reg_write(timer + TIM_CR1, TIM_CR1_ENABLE);
}

/* Some 32 s, or 22 s with the fastest of its oscillators: no inference may take longer. */
static void watchdog_start(void)
{
    reg_change(DBGMCU_APB1_FREEZE, DBGMCU_FREEZE_IWDG, DBGMCU_FREEZE_IWDG);
    reg_write(IWDG_KR, IWDG_START);
    reg_write(IWDG_KR, IWDG_UNLOCK);
    reg_write(IWDG_PR, IWDG_DIVIDE_BY_256);
    reg_write(IWDG_RLR, IWDG_LONGEST);
}

void tnf_port_init(void)
{
    clocks = stm32_clock_start();
    reset_reason = stm32_reset_reason();
    emulated = !armv7m_cycles_start();
    stm32_timers_enable();
    timer_start(TIM2, EMULATED_DIVIDE);
    timer_start(TIM5, (emulated ? EMULATED_TIMER_HZ : clocks.timer_hz) / UPTIME_HZ);
    uptime = (tnf_uptime_t){.ticks = reg_read(TIM5 + TIM_CNT)};
    watchdog_start();
    stm32_uart_start(clocks.uart_hz, TNF_BAUD);
    CORTEX_M_NVIC_ENABLE[STM32_UART_IRQ / 32u] = 1u << (STM32_UART_IRQ % 32u);
    __asm__ volatile("cpsie i" ::: "memory");
}

static void idle(void)
{
    for (int looks = 0; looks < IDLE_LOOKS; looks++) {
        if (!rx_ring_empty(&ring) || sending) {
            return;
        }
    }
    /* Masked, so that what arrives between the look and the sleep ends the sleep. */
    __asm__ volatile("cpsid i" ::: "memory");
    if (rx_ring_empty(&ring)) {
        cortex_m_rest(clocks.core_hz / 1000u * IDLE_MS);
    }
    __asm__ volatile("cpsie i\n\tisb" ::: "memory");
}

size_t tnf_port_read(uint8_t *buffer, size_t capacity)
{
    reg_write(IWDG_KR, IWDG_FEED);
    idle();
    (void)tnf_port_uptime_ms(); /* read often enough that the time cannot wrap unseen */
    return rx_ring_take(&ring, buffer, capacity);
}

size_t tnf_port_write(const uint8_t *data, size_t size)
{
    size_t taken = 0;
    while (taken < size && stm32_uart_put(data[taken])) {
        taken++;
    }
    sending = taken < size;
    return taken;
}

uint32_t tnf_port_counter(void)
{
    return emulated ? reg_read(TIM2 + TIM_CNT) : *ARMV7M_DWT_CYCLES;
}

uint32_t tnf_port_uptime_ms(void)
{
    return tnf_uptime_ms(&uptime, reg_read(TIM5 + TIM_CNT), UPTIME_HZ / 1000u);
}

void tnf_port_health(tnf_port_health_t *health)
{
    *health = tnf_bare_health(tnf_port_uptime_ms());
    health->reset_reason = reset_reason;
    health->clock_hz = emulated ? 0 : clocks.core_hz;
}

tnf_status_t tnf_port_reset(bool bootloader)
{
    if (bootloader) {
        if (emulated) {
            return TNF_UNSUPPORTED; /* it has no ROM */
        }
        tnf_stack_bottom[0] = STM32_LOADER_WISH_0;
        tnf_stack_bottom[1] = STM32_LOADER_WISH_1;
    }
    stm32_uart_drain();
    cortex_m_restart();
}

/* The loader finds the chip as after a reset: nothing has been started yet. */
static void enter_loader(void)
{
    const uint32_t *vectors = (const uint32_t *)STM32_LOADER;
    stm32_map_loader();
    __asm__ volatile("msr msp, %0\n\t"
                     "cpsie i\n\t"
                     "bx %1" ::"r"(vectors[0]),
                     "r"(vectors[1])
                     : "memory");
}

void tnf_board_early(void)
{
    if (tnf_stack_bottom[0] == STM32_LOADER_WISH_0 && tnf_stack_bottom[1] == STM32_LOADER_WISH_1) {
        tnf_stack_bottom[0] = 0;
        enter_loader();
    }
    /* The ROM's loader starts the program as well, and leaves its own interrupts behind. */
    CORTEX_M_SYSTICK->control = 0;
    for (uint32_t word = 0; word < 8u; word++) {
        CORTEX_M_NVIC_DISABLE[word] = UINT32_MAX;
    }
    *CORTEX_M_VTOR = (uint32_t)tnf_vectors;
    tnf_write_guard(STM32_FLASH, STM32_FLASH_LOG2);
}

void tnf_fault_end(void)
{
    if (emulated) {
        cortex_m_end_emulator();
    }
    stm32_uart_drain();
    cortex_m_restart();
}
