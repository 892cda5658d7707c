/* The stack pointer has a limit of its own; the memory protection unit is for what is read only. */
#include "armv8m.h"
#include "cortex_m.h"
#include "tnf_bare.h"

void tnf_write_guard(uint32_t base, uint32_t log2_bytes)
{
    if (ARMV8M_MPU->type == 0) {
        return; /* a core may come without the unit */
    }
    ARMV8M_MPU->control = 0; /* a bootloader may have left it on */
    uint32_t last = base + ((1u << log2_bytes) - ARMV8M_MPU_GRAIN_BYTES);
    ARMV8M_MPU->memory_types = ARMV8M_MPU_WRITE_THROUGH;
    ARMV8M_MPU->number = 0;
    ARMV8M_MPU->base = base | ARMV8M_MPU_READ_ONLY;
    ARMV8M_MPU->limit = last | ARMV8M_MPU_REGION_ENABLE;
}

void tnf_stack_guard(void)
{
    __asm__ volatile("msr msplim, %0" ::"r"(tnf_stack_bottom));
    uint32_t regions = ARMV8M_MPU_REGIONS(ARMV8M_MPU->type);
    if (regions != 0) {
        /* A bootloader may have left some, and two that overlap fault. */
        for (uint32_t number = 1; number < regions; number++) {
            ARMV8M_MPU->number = number;
            ARMV8M_MPU->limit = 0;
        }
        ARMV8M_MPU->control = ARMV8M_MPU_ENABLE;
    }
    __asm__ volatile("dsb\n\tisb" ::: "memory");
}
