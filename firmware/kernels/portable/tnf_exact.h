/** @file
 * Requantisation with constants that a loop keeps: tnf_requantize.h's, without its branch. */
#ifndef TNF_EXACT_H
#define TNF_EXACT_H

#include "tnf_requantize.h"

/** A shift as two, of which one is 0. */
typedef struct tnf_factor {
    int32_t multiplier;
    int32_t left;
    int32_t right;
} tnf_factor_t;

static inline tnf_factor_t tnf_factor(int32_t multiplier, int32_t shift)
{
    const tnf_factor_t factor = {multiplier, shift > 0 ? shift : 0, shift < 0 ? -shift : 0};
    return factor;
}

/** tnf_requantize(value, multiplier, shift). */
static inline int32_t tnf_scaled(int32_t value, tnf_factor_t factor)
{
    const int32_t high = tnf_multiply_high(tnf_shift_left(value, factor.left), factor.multiplier);
    return tnf_divide_by_power_of_two(high, factor.right);
}

/** The same of a value under 2^30 in size: its sum with half a step stays in 32 bits, so halves are
 *  rounded by a sum. */
static inline int32_t tnf_scaled_small(int32_t value, tnf_factor_t factor)
{
    const int32_t high = tnf_multiply_high(tnf_shift_left(value, factor.left), factor.multiplier);
    const int32_t half = (int32_t)(((uint32_t)1 << factor.right) >> 1);
    const int32_t away = factor.right > 0 ? -1 : 0;
    return (high + half + (high >> 31 & away)) >> factor.right;
}

/** A scaled value as int8. */
static inline int8_t tnf_clamped_s8(int32_t scaled, int32_t offset, int32_t low, int32_t high)
{
    return (int8_t)tnf_clamp((int32_t)((uint32_t)scaled + (uint32_t)offset), low, high);
}

#endif
