/** @file
 * The memory protection unit of ARMv8-M (Cortex-M33, M55).
 */
#ifndef ARMV8M_H
#define ARMV8M_H

#include <stdint.h>

typedef struct armv8m_mpu {
    volatile uint32_t type;
    volatile uint32_t control;
    volatile uint32_t number; /**< of the region that base and limit are of */
    volatile uint32_t base;
    volatile uint32_t limit;
    volatile uint32_t aliases[6];
    volatile uint32_t unused;
    volatile uint32_t memory_types; /**< 0 to 3, a byte each */
} armv8m_mpu_t;

#define ARMV8M_MPU ((armv8m_mpu_t *)0xE000ED90u)
#define ARMV8M_MPU_REGIONS(type) ((type) >> 8 & 0xFFu)
#define ARMV8M_MPU_ENABLE 0x5u /**< all else as without it */
/** In `base`: a region that can be read and executed. */
#define ARMV8M_MPU_READ_ONLY 0x6u
/** In `limit`: the region is in use; its memory is of type 0. */
#define ARMV8M_MPU_REGION_ENABLE 0x1u
#define ARMV8M_MPU_GRAIN_BYTES 32u
/** Memory that caches keep until it is written, read and written through. */
#define ARMV8M_MPU_WRITE_THROUGH 0xAAu

#endif
