/** @file
 * Depthwise convolutions of 3x3 for cores without vectors: int8 activations, exact for every input.
 */
#ifndef TNF_DEPTHWISE_H
#define TNF_DEPTHWISE_H

#include "tnf_kernels.h"
#include "tnf_rows.h"

#define tnf_depthwise_3x3_s8 TNF_LINK_NAME(tnf_depthwise_3x3_s8, TNF_BACKEND)
#define tnf_depthwise_3x3_rows_s8 TNF_LINK_NAME(tnf_depthwise_3x3_rows_s8, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** A depthwise convolution of 3x3 with one filter per channel, a stride of 1 or 2 along the width
 *  and no dilation. Constants of a channel are its bias, multiplier, addend and exponent, as in
 *  tnf_pair_t; multipliers of 2^31 and more are those of the exact form. */
typedef struct tnf_depthwise_3x3 {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t input_channels;
    int32_t output_height;
    int32_t output_width;
    int32_t filter_height; /**< 3 */
    int32_t stride_height;
    int32_t stride_width; /**< 1 or 2 */
    int32_t pad_top;
    int32_t pad_left;
    int32_t zero_point; /**< of the input: what stands for padding */
    int32_t activation_min;
    int32_t activation_max;
    int32_t strip_columns;              /**< output columns for which rows are copied at once */
    const TNF_FLASH int8_t *weights;    /**< [input_channels][3][3] */
    const TNF_FLASH int32_t *constants; /**< [input_channels][4], see above */
} tnf_depthwise_3x3_t;

/** The rows under the window are copied before an output row is written.
 *  @param params  sizes and constants
 *  @param input   [batches, input_height, input_width, input_channels]
 *  @param output  [batches, output_height, output_width, input_channels]
 *  @param scratch 4-aligned: three rows of (strip_columns - 1) * stride_width + 3 pixels, each
 *                 rounded up to a multiple of 4 bytes */
void tnf_depthwise_3x3_s8(const TNF_FLASH tnf_depthwise_3x3_t *params, const int8_t *input,
                          int8_t *output, int8_t *scratch);

/** tnf_depthwise_3x3_s8 of one image by rows, see tnf_rows.h.
 *  @param params  sizes and constants; `batches` is not looked at
 *  @param input   rows of [input_width, input_channels]
 *  @param first   the first output row
 *  @param end     the one after the last
 *  @param output  [end - first, output_width, input_channels]
 *  @param scratch as above */
void tnf_depthwise_3x3_rows_s8(const TNF_FLASH tnf_depthwise_3x3_t *params, const tnf_rows_t *input,
                               int32_t first, int32_t end, int8_t *output, int8_t *scratch);

#ifdef __cplusplus
}
#endif

#endif
