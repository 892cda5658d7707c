/* What the twins round with: the short and the exact form of requantisation. */
#ifndef TNF_TWIN_ROUNDING_H
#define TNF_TWIN_ROUNDING_H

#include <stdint.h>

static inline int32_t twin_short(int32_t sum, const int32_t *factor)
{
    return ((int32_t)(((int64_t)sum * factor[0]) >> 32) + factor[1]) >> factor[2];
}

static inline int32_t twin_exact(int32_t sum, const int32_t *factor)
{
    const int64_t product = (int64_t)sum * (int64_t)(uint32_t)factor[0];
    const int32_t once = (int32_t)((product + ((int64_t)1 << 31)) >> 32);
    return (once + (once >> 31) + factor[1]) >> factor[2];
}

static inline int8_t twin_clamped(int32_t value, int32_t low, int32_t high)
{
    return (int8_t)(value < low ? low : (value > high ? high : value));
}

#endif
