/** @file
 * Convolutions and fully connected layers of int8 activations for the ESP32's cores, with weights
 * packed for them. The contract of all kernels is in tnf_kernels.h; inputs must lie at a word's
 * address, which is where the memory plan puts tensors.
 *
 * A convolution takes some rows of its output at a time, a band: what they need of the input is
 * expanded into scratch, then each output channel's weights are unpacked and used for all pixels
 * of the band. Inputs are copied before an output of their band is written.
 */
#ifndef TNF_CONV_MAC16_H
#define TNF_CONV_MAC16_H

#include "tnf_kernels.h"
#include "tnf_mac16_parts.h"
#include "tnf_rows.h"

#define tnf_conv_2d_pixels_s8 TNF_LINK_NAME(tnf_conv_2d_pixels_s8, TNF_BACKEND)
#define tnf_conv_2d_pixels_rows_s8 TNF_LINK_NAME(tnf_conv_2d_pixels_rows_s8, TNF_BACKEND)
#define tnf_conv_2d_windows_s8 TNF_LINK_NAME(tnf_conv_2d_windows_s8, TNF_BACKEND)
#define tnf_conv_2d_windows_rows_s8 TNF_LINK_NAME(tnf_conv_2d_windows_rows_s8, TNF_BACKEND)
#define tnf_depthwise_lines_s8 TNF_LINK_NAME(tnf_depthwise_lines_s8, TNF_BACKEND)
#define tnf_depthwise_lines_rows_s8 TNF_LINK_NAME(tnf_depthwise_lines_rows_s8, TNF_BACKEND)
#define tnf_fully_connected_units_s8 TNF_LINK_NAME(tnf_fully_connected_units_s8, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** Two-dimensional convolution of one group, without dilation. */
typedef struct tnf_conv_2d_mac16 {
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
    int32_t padding; /**< the input's zero point + 128 */
    int32_t band;    /**< rows of the output at a time */
    int32_t quads;   /**< of a pixel's values, or of those in one row of a window */
    int32_t
        crossed; /**< tnf_conv_2d_pixels_s8: 1 where channels are whole quads and filters 1 x 1 */
    int32_t activation_min;
    int32_t activation_max;
    /** [output_channels, quads], tnf_conv_2d_windows_s8: [output_channels, filter_height, quads];
     *  see tnf_mac16_unpack */
    const TNF_FLASH int32_t *weights;
    const void *channels; /**< [output_channels] of tnf_mac16_channel_t */
} tnf_conv_2d_mac16_t;

/** What each pixel is computed from is laid out in scratch, one pixel behind the other: for filters
 *  of 1 x 1, and where windows are small and many channels use them.
 *  @param params   sizes and constants
 *  @param input    [batches, input_height, input_width, input_channels]
 *  @param output   [batches, output_height, output_width, output_channels]
 *  @param scratch  [8 * quads * (1 + band * output_width) + 8] */
void tnf_conv_2d_pixels_s8(const TNF_FLASH tnf_conv_2d_mac16_t *params, const int8_t *input,
                           int8_t *output, int8_t *scratch);

/** tnf_conv_2d_pixels_s8 of one image by rows, see tnf_rows.h. */
void tnf_conv_2d_pixels_rows_s8(const TNF_FLASH tnf_conv_2d_mac16_t *params,
                                const tnf_rows_t *input, int32_t first, int32_t end, int8_t *output,
                                int8_t *scratch);

/** Windows are read where they lie, from expanded rows with their padding: for larger filters of
 *  which a row has whole quads of each pixel. Rows that two bands need are kept.
 *  @param params   sizes and constants; input_channels are whole quads
 *  @param input    [batches, input_height, input_width, input_channels]
 *  @param output   [batches, output_height, output_width, output_channels]
 *  @param scratch  [8 * quads * filter_height
 *                   + 2 * input_channels * ((band - 1) * stride_height + filter_height)
 *                       * ((output_width - 1) * stride_width + filter_width)
 *                   + 2 * input_channels * stride_width + 8] */
void tnf_conv_2d_windows_s8(const TNF_FLASH tnf_conv_2d_mac16_t *params, const int8_t *input,
                            int8_t *output, int8_t *scratch);

/** tnf_conv_2d_windows_s8 of one image by rows, see tnf_rows.h. */
void tnf_conv_2d_windows_rows_s8(const TNF_FLASH tnf_conv_2d_mac16_t *params,
                                 const tnf_rows_t *input, int32_t first, int32_t end,
                                 int8_t *output, int8_t *scratch);

/** Depthwise convolution with one filter of 3 x 3 for each channel, without dilation. */
typedef struct tnf_depthwise_mac16 {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t input_channels;
    int32_t output_height;
    int32_t output_width;
    int32_t filter_height; /**< 3 */
    int32_t stride_height;
    int32_t stride_width;
    int32_t pad_top;
    int32_t pad_left;
    int32_t padding; /**< the input's zero point + 128 */
    int32_t band;    /**< rows of the output at a time */
    int32_t upright; /**< 1: lines are columns, the taps across them; 0: they are rows */
    int32_t activation_min;
    int32_t activation_max;
    const void *filters; /**< [input_channels] of tnf_mac16_filter_t */
} tnf_depthwise_mac16_t;

/** Some channels at a time, four or two: they are laid out in scratch as planes of words with two
 *  channels each, then a window walks along each line. Each channel is written before the next are
 *  read: the output must not lie over the input.
 *  @param params   sizes and constants
 *  @param input    [batches, input_height, input_width, input_channels]
 *  @param output   [batches, output_height, output_width, input_channels]
 *  @param scratch  [8 * ((band - 1) * stride_height + 3) * ((output_width - 1) * stride_width + 3)
 *                   + 16] */
void tnf_depthwise_lines_s8(const TNF_FLASH tnf_depthwise_mac16_t *params, const int8_t *input,
                            int8_t *output, int8_t *scratch);

/** tnf_depthwise_lines_s8 of one image by rows, see tnf_rows.h. */
void tnf_depthwise_lines_rows_s8(const TNF_FLASH tnf_depthwise_mac16_t *params,
                                 const tnf_rows_t *input, int32_t first, int32_t end,
                                 int8_t *output, int8_t *scratch);

/** Fully connected layer over rows. */
typedef struct tnf_fully_connected_mac16 {
    int32_t rows;
    int32_t input_depth;
    int32_t output_depth;
    int32_t quads; /**< input_depth over 4, rounded up */
    int32_t activation_min;
    int32_t activation_max;
    const TNF_FLASH int32_t *weights; /**< [output_depth, quads] and one more, see
                                           tnf_mac16_units_t */
    const void *channels;             /**< [output_depth] of tnf_mac16_channel_t */
} tnf_fully_connected_mac16_t;

/** A row is prepared in scratch before its output is written.
 *  @param params   sizes and constants
 *  @param input    [rows, input_depth]
 *  @param output   [rows, output_depth]
 *  @param scratch  [8 * quads + 8] */
void tnf_fully_connected_units_s8(const TNF_FLASH tnf_fully_connected_mac16_t *params,
                                  const int8_t *input, int8_t *output, int8_t *scratch);

#ifdef __cplusplus
}
#endif

#endif
