/* The stack pointer has a limit of its own; the memory protection unit is for what is read only. */
#include "armv8m.h"
#include "cortex_m.h"
#include "tnf_bare.h"

void tnf_write_guard(uint32_t base, uint32_t log2_bytes)
{
    if (ARMV8M_MPU->type == 0) {
        return; /* a core may come without the unit */
    }
    uint32_t last = base + ((1u << log2_bytes) - ARMV8M_MPU_GRAIN_BYTES);
    ARMV8M_MPU->memory_types = ARMV8M_MPU_WRITE_THROUGH;
    ARMV8M_MPU->number = 0;
    ARMV8M_MPU->base = base | ARMV8M_MPU_READ_ONLY;
    ARMV8M_MPU->limit = last | ARMV8M_MPU_REGION_ENABLE;
}

void tnf_stack_guard(void)
{
    __asm__ volatile("msr msplim, %0" ::"r"(tnf_stack_bottom));
    if (ARMV8M_MPU->type != 0) {
        ARMV8M_MPU->control = ARMV8M_MPU_ENABLE;
    }
    __asm__ volatile("dsb\n\tisb" ::: "memory");
}
