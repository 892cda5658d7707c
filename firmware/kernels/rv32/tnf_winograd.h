/** @file
 * Convolutions of 3x3 with a stride of 1 by Winograd's F(2x2, 3x3) in integers: int8 activations,
 * exact for every input. It takes 16 products for 4 outputs of one channel where a direct one takes
 * 36, and 16 weights of two bytes where that takes 9 of one.
 */
#ifndef TNF_WINOGRAD_H
#define TNF_WINOGRAD_H

#include "tnf_kernels.h"
#include "tnf_rows.h"

#define tnf_winograd_conv_2d_s8 TNF_LINK_NAME(tnf_winograd_conv_2d_s8, TNF_BACKEND)
#define tnf_winograd_conv_2d_rows_s8 TNF_LINK_NAME(tnf_winograd_conv_2d_rows_s8, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** A convolution of 3x3 with a stride of 1, without groups and dilation, of 8 output channels or
 *  more and 3 output columns or more. */
typedef struct tnf_winograd_conv_2d {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t input_channels;
    int32_t output_height;
    int32_t output_width;
    int32_t output_channels;
    int32_t filter_height; /**< 3 */
    int32_t stride_height; /**< 1 */
    int32_t pad_top;
    int32_t pad_left;
    int32_t zero_point; /**< of the input: what stands for padding */
    int32_t activation_min;
    int32_t activation_max;
    int32_t exact; /**< 0: the short form of requantisation, 1: the exact one */
    /** For each 8 output channels [16 places][input_channels, rounded up to 4][8]: four times the
     *  transformed filters. */
    const TNF_FLASH int16_t *weights;
    const TNF_FLASH int32_t *constants; /**< tnf_winograd_outputs_t, one for each 8 */
} tnf_winograd_conv_2d_t;

/** The rows under two output rows are copied before these are written.
 *  @param params  sizes and constants
 *  @param input   [batches, input_height, input_width, input_channels]
 *  @param output  [batches, output_height, output_width, output_channels]
 *  @param scratch 4-aligned: 1024 bytes; 64 for each input channel, rounded up to 4; four rows of
 *                 output_width, made even, + 2 pixels, each rounded up to 4 bytes */
void tnf_winograd_conv_2d_s8(const TNF_FLASH tnf_winograd_conv_2d_t *params, const int8_t *input,
                             int8_t *output, int8_t *scratch);

/** tnf_winograd_conv_2d_s8 of one image by rows, see tnf_rows.h.
 *  @param params  sizes and constants; `batches` is not looked at
 *  @param input   rows of [input_width, input_channels]
 *  @param first   the first output row
 *  @param end     the one after the last
 *  @param output  [end - first, output_width, output_channels]
 *  @param scratch as above */
void tnf_winograd_conv_2d_rows_s8(const TNF_FLASH tnf_winograd_conv_2d_t *params,
                                  const tnf_rows_t *input, int32_t first, int32_t end,
                                  int8_t *output, int8_t *scratch);

#ifdef __cplusplus
}
#endif

#endif
