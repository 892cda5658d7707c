/** @file
 * The upper word of a product, of halves, as the assembly computes it. */
#ifndef TNF_PRODUCT_HIGH_H
#define TNF_PRODUCT_HIGH_H

#include <stdint.h>

/** value * multiplier / 2^32, rounded down. @p value is -2^30 to 2^30 - 1, @p multiplier positive.
 *
 *  With halves s and t of the value, m and n of the multiplier, upper ones first, it is
 *  s*m + (s*n + t*m + t*n / 2^16) / 2^16. t*m is unsigned: its upper half is added apart, so that
 *  the sum in brackets stays in 32 bits. */
static inline int32_t tnf_product_high(int32_t value, int32_t multiplier)
{
    const int32_t upper = value >> 16;
    const uint32_t lower = (uint32_t)value & 0xFFFFU;
    const int32_t multiplier_upper = multiplier >> 16;
    const uint32_t multiplier_lower = (uint32_t)multiplier & 0xFFFFU;
    const uint32_t cross = lower * (uint32_t)multiplier_upper;
    const int32_t middle = upper * (int32_t)multiplier_lower +
                           (int32_t)(lower * multiplier_lower >> 16) + (int32_t)(cross & 0xFFFFU);
    return upper * multiplier_upper + (int32_t)(cross >> 16) + (middle >> 16);
}

#endif
