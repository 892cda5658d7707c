/** @file
 * Reductions over axes. The contract of all kernels is in tnf_kernels.h.
 *
 * Any axes of up to four dimensions are written as five extents that alternate between kept and
 * reduced; those not needed are 1.
 */
#ifndef TNF_REDUCE_H
#define TNF_REDUCE_H

#include "tnf_kernels.h"

#define tnf_sum_s8 TNF_LINK_NAME(tnf_sum_s8, TNF_BACKEND)
#define tnf_sum_s16 TNF_LINK_NAME(tnf_sum_s16, TNF_BACKEND)
#define tnf_reduce_max_s8 TNF_LINK_NAME(tnf_reduce_max_s8, TNF_BACKEND)
#define tnf_reduce_max_s16 TNF_LINK_NAME(tnf_reduce_max_s16, TNF_BACKEND)
#define tnf_arg_max_s8 TNF_LINK_NAME(tnf_arg_max_s8, TNF_BACKEND)
#define tnf_arg_max_s16 TNF_LINK_NAME(tnf_arg_max_s16, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** Sum or mean over axes. */
typedef struct tnf_sum {
    int32_t kept_0;
    int32_t reduced_0;
    int32_t kept_1;
    int32_t reduced_1;
    int32_t kept_2;
    int32_t input_offset; /**< minus the input's zero point times the number of values summed */
    int32_t output_offset;
    int32_t multiplier; /**< of a mean with the division by the number of values */
    int32_t shift;
} tnf_sum_t;

/** In place.
 *  @param params  sizes and constants; at most 2^23 values become one
 *  @param input   [kept_0, reduced_0, kept_1, reduced_1, kept_2]
 *  @param output  [kept_0, kept_1, kept_2] */
void tnf_sum_s8(const TNF_FLASH tnf_sum_t *params, const int8_t *input, int8_t *output);

/** tnf_sum_s8 for int16: at most 2^16 values become one. */
void tnf_sum_s16(const TNF_FLASH tnf_sum_t *params, const tnf_int16_t *input, tnf_int16_t *output);

/** The largest or the smallest value over axes. */
typedef struct tnf_reduce_max {
    int32_t kept_0;
    int32_t reduced_0;
    int32_t kept_1;
    int32_t reduced_1;
    int32_t kept_2;
    int32_t sign; /**< 1 for the largest, -1 for the smallest */
} tnf_reduce_max_t;

/** In place.
 *  @param params  sizes
 *  @param input   [kept_0, reduced_0, kept_1, reduced_1, kept_2]
 *  @param output  [kept_0, kept_1, kept_2] */
void tnf_reduce_max_s8(const TNF_FLASH tnf_reduce_max_t *params, const int8_t *input,
                       int8_t *output);

/** tnf_reduce_max_s8 for int16. */
void tnf_reduce_max_s16(const TNF_FLASH tnf_reduce_max_t *params, const tnf_int16_t *input,
                        tnf_int16_t *output);

/** The index of the largest or the smallest value along one axis; of equal ones the first. */
typedef struct tnf_arg_max {
    int32_t outer;
    int32_t size; /**< of the axis */
    int32_t inner;
    int32_t sign; /**< 1 for the largest, -1 for the smallest */
} tnf_arg_max_t;

/** @param params  sizes
 *  @param input   [outer, size, inner]
 *  @param output  [outer, inner] */
void tnf_arg_max_s8(const TNF_FLASH tnf_arg_max_t *params, const int8_t *input,
                    tnf_int32_t *output);

/** tnf_arg_max_s8 for int16. */
void tnf_arg_max_s16(const TNF_FLASH tnf_arg_max_t *params, const tnf_int16_t *input,
                     tnf_int32_t *output);

#ifdef __cplusplus
}
#endif

#endif
