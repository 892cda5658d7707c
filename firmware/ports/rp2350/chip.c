/* What is particular to the RP2350: its image definition, the core's cycle counter, and the way
 * back into its ROM. The ROM itself makes flash appear as memory, as fast as it finds that it can.
 */
#include "cortex_m.h"
#include "rp2.h"
#include "rp2_chip.h"
#include "tnf_port.h"

#define FLASH 0x10000000u
#define FLASH_LOG2 24u

/* Of the tick generators, the one of timer 0. */
#define TICKS_CONTROL (*(volatile uint32_t *)0x40108018u)
#define TICKS_CYCLES (*(volatile uint32_t *)0x4010801Cu)
#define TICKS_ENABLE 0x1u
#define CHIP_RESET (*(volatile uint32_t *)0x4010002Cu)

#define DEMCR (*(volatile uint32_t *)0xE000EDFCu)
#define DEMCR_TRACE 0x01000000u
#define DWT_CONTROL (*(volatile uint32_t *)0xE0001000u)
#define DWT_CONTROL_COUNT 0x1u
#define DWT_CYCLES (*(volatile uint32_t *)0xE0001004u)

/* Where the ROM says where what looks a function up is. */
#define ROM_LOOKUP 0x16u
#define ROM_SECURE 0x4u
#define ROM_REBOOT ('R' | (uint32_t)'B' << 8)
#define REBOOT_NORMAL 0x100u /* and does not return */
#define REBOOT_BOOTSEL 0x102u
#define REBOOT_MS 10u

typedef uintptr_t (*rom_lookup_t)(uint32_t code, uint32_t kind);
typedef int (*rom_reboot_t)(uint32_t flags, uint32_t delay_ms, uint32_t p0, uint32_t p1);

/* The ROM looks for this in the first 4 KB: an image for a secure Arm core, whose vector table is
 * at its beginning. */
__attribute__((section(".image_def"), used)) static const uint32_t image_definition[] = {
    0xFFFFDED3u, /* a block begins */
    0x10210142u, /* item 42h of one word: RP2350, Arm, secure, executable */
    0x000001FFu, /* the items end; they were one word */
    0x00000000u, /* the next block is this one: there is no other */
    0xAB123579u, /* the block ends */
};

void tnf_board_early(void)
{
    *CORTEX_M_VTOR = (uint32_t)(uintptr_t)tnf_vectors;
    tnf_write_guard(FLASH, FLASH_LOG2);
}

void rp2_counters_start(void)
{
    TICKS_CYCLES = RP2_CRYSTAL_HZ / 1000000u;
    TICKS_CONTROL = TICKS_ENABLE;
    DEMCR |= DEMCR_TRACE; /* without it the counter does not run */
    DWT_CYCLES = 0;
    DWT_CONTROL |= DWT_CONTROL_COUNT;
}

uint32_t tnf_port_counter(void)
{
    return DWT_CYCLES;
}

uint32_t rp2_reset_reason(void)
{
    return CHIP_RESET;
}

tnf_status_t tnf_port_reset(bool bootloader)
{
    rp2_uart_drain();
    rom_lookup_t lookup = (rom_lookup_t)rp2_rom_pointer(ROM_LOOKUP);
    rom_reboot_t reboot = (rom_reboot_t)lookup(ROM_REBOOT, ROM_SECURE);
    (void)reboot(bootloader ? REBOOT_BOOTSEL : REBOOT_NORMAL, REBOOT_MS, 0, 0);
    return TNF_UNSUPPORTED;
}
