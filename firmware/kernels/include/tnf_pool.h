/** @file
 * Pooling over windows. The contract of all kernels is in tnf_kernels.h.
 */
#ifndef TNF_POOL_H
#define TNF_POOL_H

#include "tnf_kernels.h"
#include "tnf_rows.h"

#define tnf_average_pool_2d_s8 TNF_LINK_NAME(tnf_average_pool_2d_s8, TNF_BACKEND)
#define tnf_average_pool_2d_rows_s8 TNF_LINK_NAME(tnf_average_pool_2d_rows_s8, TNF_BACKEND)
#define tnf_max_pool_2d_rows_s8 TNF_LINK_NAME(tnf_max_pool_2d_rows_s8, TNF_BACKEND)
#define tnf_max_pool_2d_s8 TNF_LINK_NAME(tnf_max_pool_2d_s8, TNF_BACKEND)
#define tnf_average_pool_2d_s16 TNF_LINK_NAME(tnf_average_pool_2d_s16, TNF_BACKEND)
#define tnf_max_pool_2d_s16 TNF_LINK_NAME(tnf_max_pool_2d_s16, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** Pooling over windows of every channel; input and output have one scale and zero point. */
typedef struct tnf_pool_2d {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t channels;
    int32_t output_height;
    int32_t output_width;
    int32_t filter_height;
    int32_t filter_width;
    int32_t stride_height;
    int32_t stride_width;
    int32_t pad_top;
    int32_t pad_left;
    int32_t activation_min;
    int32_t activation_max;
} tnf_pool_2d_t;

/** The mean over each window's part inside the input, to nearest, halves away from zero. In place
 *  where there is no padding and no two windows share a value (stride at least the filter's size).
 *  @param params  sizes; a window has at most 2^23 values, and at least one inside the input
 *  @param input   [batches, input_height, input_width, channels]
 *  @param output  [batches, output_height, output_width, channels] */
void tnf_average_pool_2d_s8(const TNF_FLASH tnf_pool_2d_t *params, const int8_t *input,
                            int8_t *output);

/** The maximum over each window's part inside the input. In place as tnf_average_pool_2d_s8.
 *  @param params  sizes; a window has at least one value inside the input
 *  @param input   [batches, input_height, input_width, channels]
 *  @param output  [batches, output_height, output_width, channels] */
void tnf_max_pool_2d_s8(const TNF_FLASH tnf_pool_2d_t *params, const int8_t *input, int8_t *output);

/** tnf_average_pool_2d_s8 for int16: a window has at most 2^15 values. */
void tnf_average_pool_2d_s16(const TNF_FLASH tnf_pool_2d_t *params, const tnf_int16_t *input,
                             tnf_int16_t *output);

/** tnf_max_pool_2d_s8 for int16. */
void tnf_max_pool_2d_s16(const TNF_FLASH tnf_pool_2d_t *params, const tnf_int16_t *input,
                         tnf_int16_t *output);

/** tnf_average_pool_2d_s8 of one image by rows, see tnf_rows.h.
 *  @param params  sizes; `batches` is not looked at
 *  @param input   rows of [input_width, channels]
 *  @param first   the first output row
 *  @param end     the one after the last
 *  @param output  [end - first, output_width, channels] */
void tnf_average_pool_2d_rows_s8(const TNF_FLASH tnf_pool_2d_t *params, const tnf_rows_t *input,
                                 int32_t first, int32_t end, int8_t *output);

/** tnf_max_pool_2d_s8 of one image by rows: as tnf_average_pool_2d_rows_s8. */
void tnf_max_pool_2d_rows_s8(const TNF_FLASH tnf_pool_2d_t *params, const tnf_rows_t *input,
                             int32_t first, int32_t end, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
