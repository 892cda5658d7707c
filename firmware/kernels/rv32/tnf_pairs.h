/** @file
 * Convolutions by pairs of pixels, see tnf_pairs_block.h: int8 activations, exact for every input.
 */
#ifndef TNF_PAIRS_H
#define TNF_PAIRS_H

#include "tnf_kernels.h"
#include "tnf_rows.h"

#define tnf_pairs_conv_2d_s8 TNF_LINK_NAME(tnf_pairs_conv_2d_s8, TNF_BACKEND)
#define tnf_pairs_conv_2d_rows_s8 TNF_LINK_NAME(tnf_pairs_conv_2d_rows_s8, TNF_BACKEND)
#define tnf_pairs_pointwise_s8 TNF_LINK_NAME(tnf_pairs_pointwise_s8, TNF_BACKEND)
#define tnf_pairs_pointwise_rows_s8 TNF_LINK_NAME(tnf_pairs_pointwise_rows_s8, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** A convolution without groups and dilation, of 2 output channels or more. */
typedef struct tnf_pairs_conv_2d {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t input_channels;
    int32_t output_height;
    int32_t output_width;
    int32_t output_channels;
    int32_t filter_height;
    int32_t filter_width;
    int32_t stride_height;
    int32_t stride_width;
    int32_t pad_top;
    int32_t pad_left;
    int32_t zero_point; /**< of the input: what stands for padding */
    int32_t activation_min;
    int32_t activation_max;
    int32_t exact;       /**< 0: the short form of requantisation, 1: the exact one */
    int32_t strip_words; /**< pairs of pixels of a row for which rows are expanded at once */
    int32_t gathered;    /**< 1: a block's taps are first brought together, 0: by filter row */
    const TNF_FLASH int8_t *weights;    /**< as tnf_pairs_block_t has them */
    const TNF_FLASH int32_t *constants; /**< tnf_pair_t, one per pair of output channels */
} tnf_pairs_conv_2d_t;

/** Any filter. The rows under the window are expanded into a ring before an output row is written.
 *  @param params  sizes and constants
 *  @param input   [batches, input_height, input_width, input_channels]
 *  @param output  [batches, output_height, output_width, output_channels]
 *  @param scratch 4-aligned: filter_height rows of the strip's columns, 4 bytes a channel; if
 *                 gathered, 12 bytes for each tap; and input_channels bytes */
void tnf_pairs_conv_2d_s8(const TNF_FLASH tnf_pairs_conv_2d_t *params, const int8_t *input,
                          int8_t *output, int8_t *scratch);

/** tnf_pairs_conv_2d_s8 of one image by rows, see tnf_rows.h.
 *  @param params  sizes and constants; `batches` is not looked at
 *  @param input   rows of [input_width, input_channels]
 *  @param first   the first output row
 *  @param end     the one after the last
 *  @param output  [end - first, output_width, output_channels]
 *  @param scratch as above */
void tnf_pairs_conv_2d_rows_s8(const TNF_FLASH tnf_pairs_conv_2d_t *params, const tnf_rows_t *input,
                               int32_t first, int32_t end, int8_t *output, int8_t *scratch);

/** A filter of 1x1 with a stride of 1. Up to 6 pixels, those of a block, are expanded before they
 *  are written.
 *  @param params  sizes and constants
 *  @param input   [batches, input_height, input_width, input_channels]
 *  @param output  [batches, input_height, input_width, output_channels]
 *  @param scratch 4-aligned: 12 * input_channels bytes */
void tnf_pairs_pointwise_s8(const TNF_FLASH tnf_pairs_conv_2d_t *params, const int8_t *input,
                            int8_t *output, int8_t *scratch);

/** tnf_pairs_pointwise_s8 of one image by rows, see tnf_rows.h.
 *  @param params  sizes and constants; `batches` is not looked at
 *  @param input   rows of [input_width, input_channels]
 *  @param first   the first output row
 *  @param end     the one after the last
 *  @param output  [end - first, input_width, output_channels]
 *  @param scratch as above */
void tnf_pairs_pointwise_rows_s8(const TNF_FLASH tnf_pairs_conv_2d_t *params,
                                 const tnf_rows_t *input, int32_t first, int32_t end,
                                 int8_t *output, int8_t *scratch);

#ifdef __cplusplus
}
#endif

#endif
