/* The stack is the lowest thing in RAM: region 7 forbids what lies below it. */
#include "armv7m.h"
#include "cortex_m.h"
#include "tnf_bare.h"

#define REGION 7u
#define GUARD_LOG2 16u

void tnf_write_guard(uint32_t base, uint32_t log2_bytes)
{
    ARMV7M_MPU->control = 0; /* a bootloader may have left it on */
    armv7m_protect(0, base, ARMV7M_MPU_READ_ONLY(log2_bytes));
}

void tnf_stack_guard(void)
{
    if (ARMV7M_MPU->type == 0) {
        return; /* a core may come without the unit */
    }
    for (uint32_t number = 1; number < REGION; number++) {
        armv7m_protect(number, 0, 0); /* a bootloader may have left some */
    }
    armv7m_protect(REGION, (uint32_t)tnf_stack_bottom - (1u << GUARD_LOG2),
                   ARMV7M_MPU_NO_ACCESS(GUARD_LOG2));
    ARMV7M_MPU->control = ARMV7M_MPU_ENABLE;
    __asm__ volatile("dsb\n\tisb" ::: "memory");
}
