/* What is particular to the nRF52: a cycle counter, and a cache for the flash. */
#include "armv7m.h"
#include "cortex_m.h"
#include "nrf.h"
#include "tnf_port.h"

#define FLASH 0x00000000u
#define FLASH_LOG2 20u
#define NVMC_CACHE ((volatile uint32_t *)0x4001E540u)
#define NVMC_CACHE_ENABLE 0x1u
/* Newer revisions are closed to debuggers unless both of these say otherwise: then the next image
 * can only be written after all is erased. */
#define UICR_PROTECT (*(volatile uint32_t *)0x10001208u)
#define PROTECT_DISABLE (*(volatile uint32_t *)0x40000558u)
#define PROTECT_OFF 0x5Au /* older ones do not have this value */

void tnf_board_early(void)
{
    *CORTEX_M_VTOR = (uint32_t)(uintptr_t)tnf_vectors; /* a bootloader may have left its own */
    *NVMC_CACHE = NVMC_CACHE_ENABLE;
    tnf_write_guard(FLASH, FLASH_LOG2);
    if ((UICR_PROTECT & 0xFFu) == PROTECT_OFF) {
        PROTECT_DISABLE = PROTECT_OFF;
    }
}

void nrf_counter_start(void)
{
    (void)armv7m_cycles_start();
}

uint32_t tnf_port_counter(void)
{
    return *ARMV7M_DWT_CYCLES;
}
