/* The mean of a window's values. */
#ifndef TNF_MEAN_H
#define TNF_MEAN_H

#include <stdint.h>

/* sum / count to nearest, halves away from zero; under 2^bits in size. Divides bit by bit: the
 * quotient is short, and the smallest cores have no divider. */
static inline int32_t tnf_mean(int32_t sum, int32_t count, int32_t bits)
{
    int32_t rest = (sum < 0 ? -sum : sum) + (count >> 1);
    int32_t quotient = 0;
    for (int32_t bit = bits - 1; bit >= 0; bit--) {
        const int32_t part = count << bit;
        if (rest >= part) {
            rest -= part;
            quotient |= (int32_t)1 << bit;
        }
    }
    return sum < 0 ? -quotient : quotient;
}

#endif
