/** @file
 * Convolutions and fully connected layers of int8 for cores with the DSP extension of Armv7E-M and
 * Armv8-M: four output channels at a time, their weights, biases and factors in one stream. How a
 * stream is made is in README.md beside this file. The contract of all kernels is in tnf_kernels.h.
 */
#ifndef TNF_CONV_ARMV7EM_H
#define TNF_CONV_ARMV7EM_H

#include "tnf_kernels.h"
#include "tnf_rows.h"

#define tnf_conv_2d_dsp_s8 TNF_LINK_NAME(tnf_conv_2d_dsp_s8, TNF_BACKEND)
#define tnf_conv_2d_dsp_rows_s8 TNF_LINK_NAME(tnf_conv_2d_dsp_rows_s8, TNF_BACKEND)
#define tnf_fully_connected_dsp_s8 TNF_LINK_NAME(tnf_fully_connected_dsp_s8, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** Two-dimensional convolution without groups. */
typedef struct tnf_conv_2d_dsp {
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
    int32_t dilation_height;
    int32_t dilation_width;
    int32_t pad_top;
    int32_t pad_left;
    int32_t input_zero_point;
    int32_t activation_min;
    int32_t activation_max;
    int32_t general; /**< how sums are requantised: 0 in the short form, 1 in the general one */
    int32_t pairs;   /**< of windows for which there is room in scratch; 1 under 4 channels */
    const TNF_FLASH int32_t *stream; /**< of groups of four output channels */
} tnf_conv_2d_dsp_t;

/** The output may lie over what windows still to come do not read: a pixel is written after its
 *  window, and that of its neighbour, were copied.
 *  @param params  sizes and constants
 *  @param input   [batches, input_height, input_width, input_channels]
 *  @param output  [batches, output_height, output_width, output_channels]
 *  @param scratch 8-aligned: `pairs` of windows as int16, and one as bytes where windows hang over
 */
void tnf_conv_2d_dsp_s8(const TNF_FLASH tnf_conv_2d_dsp_t *params, const int8_t *input,
                        int8_t *output, int8_t *scratch);

/** tnf_conv_2d_dsp_s8 of one image by rows, see tnf_rows.h.
 *  @param params  sizes and constants; `batches` is not looked at
 *  @param input   rows of [input_width, input_channels]
 *  @param first   the first output row
 *  @param end     the one after the last
 *  @param output  [end - first, output_width, output_channels]
 *  @param scratch as of tnf_conv_2d_dsp_s8 */
void tnf_conv_2d_dsp_rows_s8(const TNF_FLASH tnf_conv_2d_dsp_t *params, const tnf_rows_t *input,
                             int32_t first, int32_t end, int8_t *output, int8_t *scratch);

/** Fully connected layer over rows. */
typedef struct tnf_fully_connected_dsp {
    int32_t rows;
    int32_t input_depth;
    int32_t output_depth;
    int32_t activation_min;
    int32_t activation_max;
    int32_t general;     /**< how sums are requantised: 0 in the short form, 1 in the general one */
    int32_t exponent;    /**< of the short form */
    int32_t scale_bytes; /**< of a group's factors in `scales`; 0: all groups have the same ones */
    const TNF_FLASH int32_t *stream; /**< of groups of four outputs */
    const TNF_FLASH int32_t *scales; /**< of groups of four outputs, or of all of them */
} tnf_fully_connected_dsp_t;

/** The output may lie anywhere over the input: a row is copied before its output is written.
 *  @param params  sizes and constants
 *  @param input   [rows, input_depth]
 *  @param output  [rows, output_depth]
 *  @param scratch 8-aligned: a row as int16 */
void tnf_fully_connected_dsp_s8(const TNF_FLASH tnf_fully_connected_dsp_t *params,
                                const int8_t *input, int8_t *output, int8_t *scratch);

#ifdef __cplusplus
}
#endif

#endif
