/** @file
 * Reductions over axes. The contract of all kernels is in tnf_kernels.h.
 */
#ifndef TNF_REDUCE_H
#define TNF_REDUCE_H

#include "tnf_kernels.h"

#define tnf_mean_s8 TNF_LINK_NAME(tnf_mean_s8, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** Mean over any axes of up to four dimensions, written as five extents that alternate between
 *  kept and reduced; those not needed are 1. */
typedef struct tnf_mean {
    int32_t kept_0;
    int32_t reduced_0;
    int32_t kept_1;
    int32_t reduced_1;
    int32_t kept_2;
    int32_t input_offset; /**< minus the input's zero point times the number of values averaged */
    int32_t output_offset;
    int32_t multiplier; /**< with the division by the number of values averaged */
    int32_t shift;
} tnf_mean_t;

/** In place.
 *  @param params  sizes and constants; at most 2^23 values are averaged into one
 *  @param input   [kept_0, reduced_0, kept_1, reduced_1, kept_2]
 *  @param output  [kept_0, kept_1, kept_2] */
void tnf_mean_s8(const TNF_FLASH tnf_mean_t *params, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
