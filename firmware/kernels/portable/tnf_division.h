/** @file
 * Means of int8 values, many with one count. */
#ifndef TNF_DIVISION_H
#define TNF_DIVISION_H

#include "tnf_mean.h"

#define TNF_MEAN_BITS 8 /* a mean of int8 values is at most 128 in size */

/** Up to here a reciprocal and its product with a sum have 32 bits. */
#define TNF_MOST_RECIPROCAL 127

/** How to divide by a count: 2^shift / count, rounded up, or a multiplier of 0 where the count is
 *  too large for that. */
typedef struct tnf_division {
    int32_t count;
    uint32_t multiplier;
    uint32_t shift;
} tnf_division_t;

/** With count < 2^bits and a shift of 8 + 2 * bits, dividends under 2^(8 + bits) are divided
 *  exactly: what the multiplier is too large changes no quotient. */
static inline tnf_division_t tnf_division(int32_t count)
{
    tnf_division_t division = {count, 0, TNF_MEAN_BITS};
    if (count > TNF_MOST_RECIPROCAL) {
        return division;
    }
    int32_t bits = 0;
    while ((count >> bits) != 0) {
        bits++;
    }
    division.shift += 2U * (uint32_t)bits;
    uint32_t rest = (uint32_t)1 << division.shift;
    for (int32_t bit = TNF_MEAN_BITS + bits + 1; bit >= 0; bit--) {
        const uint32_t part = (uint32_t)count << bit;
        if (rest >= part) {
            rest -= part;
            division.multiplier |= (uint32_t)1 << bit;
        }
    }
    division.multiplier++;
    return division;
}

/** tnf_mean(sum, division->count, TNF_MEAN_BITS). */
static inline int32_t tnf_mean_by(const tnf_division_t *division, int32_t sum)
{
    if (division->multiplier == 0) {
        return tnf_mean(sum, division->count, TNF_MEAN_BITS);
    }
    const uint32_t size = (uint32_t)(sum < 0 ? -sum : sum) + ((uint32_t)division->count >> 1);
    const int32_t quotient = (int32_t)(size * division->multiplier >> division->shift);
    return sum < 0 ? -quotient : quotient;
}

#endif
