/** @file
 * Sums of products of int8 values with rows of int8 weights. */
#ifndef TNF_DOT_H
#define TNF_DOT_H

#include "tnf_fast.h"
#include "tnf_kernels.h"

/** Rows of weights that share the values they are multiplied with. */
#define TNF_DOT_ROWS 4

/** Adds to each of four sums the products of `count` values, each with the offset added to it, and
 *  a row of weights; the rows lie `stride` apart. A value with its offset has 9 bits and a sign, so
 *  that products of 16-bit factors do: these are what vector units multiply fastest. */
static TNF_FAST void tnf_dot_rows(const int8_t *values, int32_t offset,
                                  const TNF_FLASH int8_t *weights, int32_t stride, int32_t count,
                                  int32_t sums[TNF_DOT_ROWS])
{
    const TNF_FLASH int8_t *const weights1 = weights + stride;
    const TNF_FLASH int8_t *const weights2 = weights1 + stride;
    const TNF_FLASH int8_t *const weights3 = weights2 + stride;
    int32_t sum0 = sums[0];
    int32_t sum1 = sums[1];
    int32_t sum2 = sums[2];
    int32_t sum3 = sums[3];
    for (int32_t i = 0; i < count; i++) {
        const tnf_factor16_t value = (tnf_factor16_t)(values[i] + offset);
        sum0 += value * weights[i];
        sum1 += value * weights1[i];
        sum2 += value * weights2[i];
        sum3 += value * weights3[i];
    }
    sums[0] = sum0;
    sums[1] = sum1;
    sums[2] = sum2;
    sums[3] = sum3;
}

/** The same of one sum and its row: returns the sum. */
static inline int32_t tnf_dot_row(const int8_t *values, int32_t offset,
                                  const TNF_FLASH int8_t *weights, int32_t count, int32_t sum)
{
    for (int32_t i = 0; i < count; i++) {
        sum += (tnf_factor16_t)(values[i] + offset) * weights[i];
    }
    return sum;
}

#endif
