/* Sums of products of int16 activations and int8 weights. */
#ifndef TNF_DOT_S16_H
#define TNF_DOT_S16_H

#include "tnf_kernels.h"

/* So many products stay in 32 bits, whatever the values. */
#define TNF_RUN_S16 256

/* 64-bit additions are needed once for every run only. */
static inline int64_t tnf_dot_s16(const tnf_int16_t *values, const TNF_FLASH int8_t *weights,
                                  int32_t count)
{
    int64_t sum = 0;
    while (count > 0) {
        const int32_t run = count < TNF_RUN_S16 ? count : TNF_RUN_S16;
        int32_t part = 0;
        for (int32_t i = 0; i < run; i++) {
            part += values[i] * (int32_t)weights[i];
        }
        sum += part;
        values += run;
        weights += run;
        count -= run;
    }
    return sum;
}

#endif
