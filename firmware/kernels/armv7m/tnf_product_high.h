/** @file
 * The upper word of a product: one instruction here. */
#ifndef TNF_PRODUCT_HIGH_H
#define TNF_PRODUCT_HIGH_H

#include <stdint.h>

/** value * multiplier / 2^32, rounded down. */
static inline int32_t tnf_product_high(int32_t value, int32_t multiplier)
{
    return (int32_t)(((int64_t)value * multiplier) >> 32);
}

#endif
