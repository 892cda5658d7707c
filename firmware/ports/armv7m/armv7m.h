/** @file
 * The memory protection unit of ARMv7-M (Cortex-M3, M4, M7).
 */
#ifndef ARMV7M_H
#define ARMV7M_H

#include <stdint.h>

typedef struct armv7m_mpu {
    volatile uint32_t type;
    volatile uint32_t control;
    volatile uint32_t number; /**< of the region that base and attributes are of */
    volatile uint32_t base;
    volatile uint32_t attributes;
} armv7m_mpu_t;

#define ARMV7M_MPU ((armv7m_mpu_t *)0xE000ED90u)
#define ARMV7M_MPU_ENABLE 0x5u /**< all else as without it */
/** A region of 2^log2_bytes that can be read and executed. */
#define ARMV7M_MPU_READ_ONLY(log2_bytes) (0x06020001u | (((log2_bytes) - 1u) << 1))
/** A region of 2^log2_bytes that cannot be touched. */
#define ARMV7M_MPU_NO_ACCESS(log2_bytes) (0x10000001u | (((log2_bytes) - 1u) << 1))

/** Sets region @p number; @p base is a multiple of the region's size. */
static inline void armv7m_protect(uint32_t number, uint32_t base, uint32_t attributes)
{
    ARMV7M_MPU->number = number;
    ARMV7M_MPU->base = base;
    ARMV7M_MPU->attributes = attributes;
}

#endif
