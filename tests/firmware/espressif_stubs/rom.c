/* What the linker script and the ROM provide. A call of the ROM is a write to its address. */
#include <setjmp.h>

#include "esp32c3.h"
#include "espressif_io.h"
#include "tnf_port.h"

uint32_t (*model_get)(uint32_t address);
void (*model_set)(uint32_t address, uint32_t value);

/* Two pages and one byte. */
const uint8_t tnf_flash_start[0x20001];
__asm__(".globl tnf_flash_end\n.set tnf_flash_end, tnf_flash_start + 0x20001");
uint32_t tnf_stack_bottom[64], tnf_stack_top[1];

static jmp_buf restarted;

void model_restart(void)
{
    longjmp(restarted, 1);
}

/* The port's answer, or -1 when it has restarted the chip. */
int model_reset(int bootloader);

int model_reset(int bootloader)
{
    return setjmp(restarted) != 0 ? -1 : (int)tnf_port_reset(bootloader != 0);
}

uint32_t esp32c3_rom_cache_suspend(void)
{
    model_set(0x40000524, 0);
    return 5;
}

void esp32c3_rom_cache_resume(uint32_t autoload)
{
    model_set(0x40000528, autoload);
}

void esp32c3_rom_cache_invalidate(void)
{
    model_set(0x400004d8, 0);
}

int esp32c3_rom_cache_map_data(uint32_t external_ram, uint32_t virtual, uint32_t physical,
                               uint32_t page_kb, uint32_t pages, uint32_t fixed)
{
    model_set(0x40000564, external_ram);
    model_set(0x40000564, virtual);
    model_set(0x40000564, physical);
    model_set(0x40000564, page_kb);
    model_set(0x40000564, pages);
    model_set(0x40000564, fixed);
    return 0;
}
