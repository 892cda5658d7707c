/** @file
 * Convolutions and fully connected layers of int16 activations with int8 weights. The contract of
 * all kernels is in tnf_kernels.h.
 *
 * Sums of 64 bits have at most 48 and become outputs by tnf_requantize_wide, rounded once; those
 * that stay in 32 bits by tnf_requantize, rounded twice. `multiplier` and `shift` are what that
 * function takes. Zero points are 0.
 */
#ifndef TNF_CONV_S16_H
#define TNF_CONV_S16_H

#include "tnf_kernels.h"
#include "tnf_rows.h"

#define tnf_conv_2d_s16 TNF_LINK_NAME(tnf_conv_2d_s16, TNF_BACKEND)
#define tnf_conv_2d_rows_s16 TNF_LINK_NAME(tnf_conv_2d_rows_s16, TNF_BACKEND)
#define tnf_depthwise_conv_2d_s16 TNF_LINK_NAME(tnf_depthwise_conv_2d_s16, TNF_BACKEND)
#define tnf_depthwise_conv_2d_rows_s16 TNF_LINK_NAME(tnf_depthwise_conv_2d_rows_s16, TNF_BACKEND)
#define tnf_fully_connected_s16 TNF_LINK_NAME(tnf_fully_connected_s16, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** Two-dimensional convolution, also with groups. */
typedef struct tnf_conv_2d_s16 {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t input_channels;
    int32_t output_height;
    int32_t output_width;
    int32_t output_channels;
    int32_t filter_height;
    int32_t filter_width;
    int32_t filter_channels; /**< input_channels / groups */
    int32_t group_outputs;   /**< output_channels / groups */
    int32_t stride_height;
    int32_t stride_width;
    int32_t dilation_height;
    int32_t dilation_width;
    int32_t pad_top;
    int32_t pad_left;
    int32_t activation_min;
    int32_t activation_max;
    int32_t scale_step; /**< 1: a multiplier and shift per output channel, 0: one for all */
    int32_t wide;       /**< 1: sums of 64 bits, 0: sums that stay in 32 bits */
    /** [output_channels, filter_height, filter_width, filter_channels] */
    const TNF_FLASH int8_t *weights;
    const TNF_FLASH int64_t *bias;       /**< [output_channels], or NULL for none */
    const TNF_FLASH int32_t *multiplier; /**< [output_channels] or [1] */
    const TNF_FLASH int8_t *shift;       /**< [output_channels] or [1] */
} tnf_conv_2d_s16_t;

/** @param params  sizes and constants
 *  @param input   [batches, input_height, input_width, input_channels]
 *  @param output  [batches, output_height, output_width, output_channels] */
void tnf_conv_2d_s16(const TNF_FLASH tnf_conv_2d_s16_t *params, const tnf_int16_t *input,
                     tnf_int16_t *output);

/** tnf_conv_2d_s16 of one image by rows, see tnf_rows.h.
 *  @param params  sizes and constants; `batches` is not looked at
 *  @param input   rows of [input_width, input_channels], aligned for int16
 *  @param first   the first output row
 *  @param end     the one after the last
 *  @param output  int16 [end - first, output_width, output_channels] */
void tnf_conv_2d_rows_s16(const TNF_FLASH tnf_conv_2d_s16_t *params, const tnf_rows_t *input,
                          int32_t first, int32_t end, int8_t *output);

/** Depthwise convolution: every input channel has `depth_multiplier` filters of its own. */
typedef struct tnf_depthwise_conv_2d_s16 {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t input_channels;
    int32_t depth_multiplier;
    int32_t output_height;
    int32_t output_width;
    int32_t filter_height;
    int32_t filter_width;
    int32_t stride_height;
    int32_t stride_width;
    int32_t dilation_height;
    int32_t dilation_width;
    int32_t pad_top;
    int32_t pad_left;
    int32_t activation_min;
    int32_t activation_max;
    int32_t scale_step; /**< 1: a multiplier and shift per output channel, 0: one for all */
    const TNF_FLASH int8_t *weights;     /**< [filter_height, filter_width, output_channels] */
    const TNF_FLASH int64_t *bias;       /**< [output_channels], or NULL for none */
    const TNF_FLASH int32_t *multiplier; /**< [output_channels] or [1] */
    const TNF_FLASH int8_t *shift;       /**< [output_channels] or [1] */
} tnf_depthwise_conv_2d_s16_t;

/** Output channels are input_channels * depth_multiplier; channel c reads input channel
 *  c / depth_multiplier. Sums are of 64 bits.
 *  @param params  sizes and constants
 *  @param input   [batches, input_height, input_width, input_channels]
 *  @param output  [batches, output_height, output_width, output channels] */
void tnf_depthwise_conv_2d_s16(const TNF_FLASH tnf_depthwise_conv_2d_s16_t *params,
                               const tnf_int16_t *input, tnf_int16_t *output);

/** tnf_depthwise_conv_2d_s16 of one image by rows, see tnf_rows.h.
 *  @param params  sizes and constants; `batches` is not looked at
 *  @param input   rows of [input_width, input_channels], aligned for int16
 *  @param first   the first output row
 *  @param end     the one after the last
 *  @param output  int16 [end - first, output_width, output channels] */
void tnf_depthwise_conv_2d_rows_s16(const TNF_FLASH tnf_depthwise_conv_2d_s16_t *params,
                                    const tnf_rows_t *input, int32_t first, int32_t end,
                                    int8_t *output);

/** Fully connected layer over rows. */
typedef struct tnf_fully_connected_s16 {
    int32_t rows;
    int32_t input_depth;
    int32_t output_depth;
    int32_t activation_min;
    int32_t activation_max;
    int32_t scale_step; /**< 1: a multiplier and shift per output channel, 0: one for all */
    int32_t wide;       /**< 1: sums of 64 bits, 0: sums that stay in 32 bits */
    const TNF_FLASH int8_t *weights;     /**< [output_depth, input_depth] */
    const TNF_FLASH int64_t *bias;       /**< [output_depth], or NULL for none */
    const TNF_FLASH int32_t *multiplier; /**< [output_depth] or [1] */
    const TNF_FLASH int8_t *shift;       /**< [output_depth] or [1] */
} tnf_fully_connected_s16_t;

/** @param params  sizes and constants
 *  @param input   [rows, input_depth]
 *  @param output  [rows, output_depth] */
void tnf_fully_connected_s16(const TNF_FLASH tnf_fully_connected_s16_t *params,
                             const tnf_int16_t *input, tnf_int16_t *output);

#ifdef __cplusplus
}
#endif

#endif
