/* What is particular to the RP2040: the counter, and the way back into its ROM.
 *
 * A Cortex-M0+ has no cycle counter, and the SysTick, which counts cycles, has 24 bits: 0.13 s. The
 * microsecond timer says which turn it is in: both run from one crystal, 125 cycles a microsecond.
 * So there is no interrupt to take and nothing that two readings could tear apart. */
#include "armv7m.h"
#include "cortex_m.h"
#include "rp2.h"
#include "rp2_chip.h"
#include "tnf_port.h"

#define FLASH 0x10000000u
#define FLASH_LOG2 24u

#define TICKS (*(volatile uint32_t *)0x4005802Cu)
#define TICKS_ENABLE 0x200u
#define WATCHDOG_CONTROL (*(volatile uint32_t *)0x40058000u)
#define WATCHDOG_TRIGGER 0x80000000u
#define WATCHDOG_REASON (*(volatile uint32_t *)0x40058008u)
#define CHIP_RESET (*(volatile uint32_t *)0x40064008u)
#define CHIP_RESET_REASONS 0x00110100u
/* What a watchdog resets: all but the two oscillators. */
#define POWER_ON_WATCHDOG (*(volatile uint32_t *)0x40010008u)
#define POWER_ON_ALL 0x0001FFFCu

/* Where the ROM says where its table of functions is, and what looks one up in it. */
#define ROM_TABLE 0x14u
#define ROM_LOOKUP 0x18u
#define ROM_USB_BOOT ('U' | (uint32_t)'B' << 8)

#define CYCLES_PER_US (RP2_CLOCK_HZ / 1000000u)
#define TURN 0x01000000u /* of the SysTick */

typedef uintptr_t (*rom_lookup_t)(uintptr_t table, uint32_t code);
typedef void (*rom_usb_boot_t)(uint32_t activity_pins, uint32_t disabled_interfaces);

/* What the SysTick counted before the timer's 0. */
static uint32_t origin;

void tnf_board_early(void)
{
    *CORTEX_M_VTOR = (uint32_t)(uintptr_t)tnf_vectors; /* a debugger may start without boot2 */
    tnf_write_guard(FLASH, FLASH_LOG2);
}

void rp2_counters_start(void)
{
    TICKS = TICKS_ENABLE | RP2_CRYSTAL_HZ / 1000000u;
    CORTEX_M_SYSTICK->reload = CORTEX_M_SYSTICK_MAX;
    CORTEX_M_SYSTICK->value = 0;
    CORTEX_M_SYSTICK->control = CORTEX_M_SYSTICK_START & ~CORTEX_M_SYSTICK_EXCEPTION;
}

uint32_t tnf_port_counter(void)
{
    uint32_t about = origin + RP2_TIMER->raw_low * CYCLES_PER_US;
    uint32_t ahead = (0u - CORTEX_M_SYSTICK->value - about) % TURN; /* it counts down */
    if (ahead >= TURN / 2u) {
        ahead -= TURN; /* behind, that is */
    }
    origin += ahead;
    return about + ahead;
}

uint32_t rp2_reset_reason(void)
{
    return (CHIP_RESET & CHIP_RESET_REASONS) | WATCHDOG_REASON;
}

tnf_status_t tnf_port_reset(bool bootloader)
{
    rp2_uart_drain();
    if (bootloader) {
        rom_lookup_t lookup = (rom_lookup_t)rp2_rom_pointer(ROM_LOOKUP);
        ((rom_usb_boot_t)lookup(rp2_rom_pointer(ROM_TABLE), ROM_USB_BOOT))(0, 0);
    }
    POWER_ON_WATCHDOG = POWER_ON_ALL;
    WATCHDOG_CONTROL = WATCHDOG_TRIGGER;
    for (;;) {
    }
}
