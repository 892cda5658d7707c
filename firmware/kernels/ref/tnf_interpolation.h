/** @file
 * Where an output row or column lies in the input of a bilinear interpolation. */
#ifndef TNF_INTERPOLATION_H
#define TNF_INTERPOLATION_H

#include <stdint.h>

#define TNF_INTERPOLATION_BITS 10

/** Two neighbouring rows or columns and their weights, which sum up to 2^10. Where a place lies
 *  before the first row both neighbours are that row. */
typedef struct tnf_neighbours {
    int32_t lower;
    int32_t upper;
    int32_t lower_weight;
    int32_t upper_weight;
} tnf_neighbours_t;

/** `place` is in input rows or columns with 10 fractional bits, at least -2^9. */
static inline tnf_neighbours_t tnf_neighbours_of(int32_t place, int32_t size)
{
    const int32_t one = 1 << TNF_INTERPOLATION_BITS;
    tnf_neighbours_t found;
    found.lower = place > 0 ? place / one : 0;
    found.upper = (place + one - 1) / one;
    if (found.upper > size - 1) {
        found.upper = size - 1;
    }
    found.upper_weight = place - found.lower * one;
    found.lower_weight = one - found.upper_weight;
    return found;
}

#endif
