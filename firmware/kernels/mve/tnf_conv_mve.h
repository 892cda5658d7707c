/** @file
 * Convolutions with packed weights for the M-profile vector extension. The contract of all kernels
 * is in tnf_kernels.h.
 */
#ifndef TNF_CONV_MVE_H
#define TNF_CONV_MVE_H

#include "tnf_kernels.h"
#include "tnf_rows.h"

#define tnf_conv_2d_mve_s8 TNF_LINK_NAME(tnf_conv_2d_mve_s8, TNF_BACKEND)
#define tnf_conv_2d_mve_rows_s8 TNF_LINK_NAME(tnf_conv_2d_mve_rows_s8, TNF_BACKEND)
#define tnf_conv_3_columns_mve_s8 TNF_LINK_NAME(tnf_conv_3_columns_mve_s8, TNF_BACKEND)
#define tnf_conv_3_columns_mve_rows_s8 TNF_LINK_NAME(tnf_conv_3_columns_mve_rows_s8, TNF_BACKEND)
#define tnf_pointwise_mve_s8 TNF_LINK_NAME(tnf_pointwise_mve_s8, TNF_BACKEND)
#define tnf_pointwise_mve_rows_s8 TNF_LINK_NAME(tnf_pointwise_mve_rows_s8, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** Two-dimensional convolution, without groups and dilation. */
typedef struct tnf_conv_2d_mve {
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
    int32_t input_zero_point; /**< what padding counts as */
    int32_t slices;           /**< of 16 values, of what is multiplied at once */
    int32_t block;            /**< pixels whose windows are copied at once */
    int32_t shift;            /**< minus the exponent of the short form */
    int32_t exact; /**< 1: sums are rounded twice, with the offset and clamp that follow */
    int32_t output_offset;
    int32_t activation_min;
    int32_t activation_max;
    const TNF_FLASH int32_t *weights; /**< packed, see tnf_pixels_mve.h or tnf_columns_mve.h */
} tnf_conv_2d_mve_t;

/** The output may lie over input rows that no later row's window has.
 *  @param params   sizes and constants
 *  @param input    [batches, input_height, input_width, input_channels]
 *  @param output   [batches, output_height, output_width, output_channels]
 *  @param scratch  the rows under a window, padded, then the windows of `block` pixels */
void tnf_conv_2d_mve_s8(const TNF_FLASH tnf_conv_2d_mve_t *params, const int8_t *input,
                        int8_t *output, int8_t *scratch);

/** tnf_conv_2d_mve_s8 of one image by rows, see tnf_rows.h.
 *  @param params   sizes and constants; `batches` is not looked at
 *  @param input    rows of [input_width, input_channels]
 *  @param first    the first output row
 *  @param end      the one after the last
 *  @param output   [end - first, output_width, output_channels]
 *  @param scratch  as for tnf_conv_2d_mve_s8 */
void tnf_conv_2d_mve_rows_s8(const TNF_FLASH tnf_conv_2d_mve_t *params, const tnf_rows_t *input,
                             int32_t first, int32_t end, int8_t *output, int8_t *scratch);

/** A filter of three columns that moves by one: `slices` are of the input channels. The output may
 *  lie over input rows that no later row's window has.
 *  @param params   sizes and constants; at least three windows in a row; filter_height * slices is
 *                  at least 2; `block` is not looked at
 *  @param input    [batches, input_height, input_width, input_channels]
 *  @param output   [batches, output_height, output_width, output_channels]
 *  @param scratch  [filter_height, slices, output_width + 2, 16] */
void tnf_conv_3_columns_mve_s8(const TNF_FLASH tnf_conv_2d_mve_t *params, const int8_t *input,
                               int8_t *output, int8_t *scratch);

/** tnf_conv_3_columns_mve_s8 of one image by rows, see tnf_rows.h.
 *  @param params   sizes and constants; `batches` is not looked at
 *  @param input    rows of [input_width, input_channels]
 *  @param first    the first output row
 *  @param end      the one after the last
 *  @param output   [end - first, output_width, output_channels]
 *  @param scratch  as for tnf_conv_3_columns_mve_s8 */
void tnf_conv_3_columns_mve_rows_s8(const TNF_FLASH tnf_conv_2d_mve_t *params,
                                    const tnf_rows_t *input, int32_t first, int32_t end,
                                    int8_t *output, int8_t *scratch);

/** A filter of one pixel, without padding. With strides of 1 the output may lie over pixels before
 *  the end of the block that is being computed.
 *  @param params   sizes and constants; `filter_height` and `filter_width` are 1
 *  @param input    [batches, input_height, input_width, input_channels]
 *  @param output   [batches, output_height, output_width, output_channels]
 *  @param scratch  [block, slices, 16] */
void tnf_pointwise_mve_s8(const TNF_FLASH tnf_conv_2d_mve_t *params, const int8_t *input,
                          int8_t *output, int8_t *scratch);

/** tnf_pointwise_mve_s8 of one image by rows, see tnf_rows.h.
 *  @param params   sizes and constants; `batches` is not looked at
 *  @param input    rows of [input_width, input_channels]
 *  @param first    the first output row
 *  @param end      the one after the last
 *  @param output   [end - first, output_width, output_channels]
 *  @param scratch  as for tnf_pointwise_mve_s8 */
void tnf_pointwise_mve_rows_s8(const TNF_FLASH tnf_conv_2d_mve_t *params, const tnf_rows_t *input,
                               int32_t first, int32_t end, int8_t *output, int8_t *scratch);

#ifdef __cplusplus
}
#endif

#endif
