/** @file
 * The memory protection unit and the cycle counter of ARMv7-M (Cortex-M3, M4, M7).
 */
#ifndef ARMV7M_H
#define ARMV7M_H

#include <stdbool.h>
#include <stdint.h>

#define ARMV7M_DEMCR ((volatile uint32_t *)0xE000EDFCu)
#define ARMV7M_DEMCR_TRACE 0x01000000u
#define ARMV7M_DWT_CONTROL ((volatile uint32_t *)0xE0001000u)
#define ARMV7M_DWT_CYCLES ((volatile uint32_t *)0xE0001004u)
#define ARMV7M_DWT_COUNT 0x1u

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

/** Starts the cycle counter, which stands still while the core sleeps.
 *  @return whether it counts: not in an emulator, nor on a core that comes without it */
static inline bool armv7m_cycles_start(void)
{
    *ARMV7M_DEMCR |= ARMV7M_DEMCR_TRACE;
    *ARMV7M_DWT_CYCLES = 0;
    *ARMV7M_DWT_CONTROL |= ARMV7M_DWT_COUNT;
    uint32_t before = *ARMV7M_DWT_CYCLES;
    __asm__ volatile("nop\n\tnop\n\tnop\n\tnop" ::: "memory");
    return *ARMV7M_DWT_CYCLES != before;
}

#endif
