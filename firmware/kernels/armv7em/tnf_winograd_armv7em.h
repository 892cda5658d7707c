/** @file
 * Convolutions of 3x3 by Winograd's F(2x2, 3x3), in integers, for cores with the DSP extension of
 * Armv7E-M and Armv8-M. How weights are transformed and packed is in README.md beside this file.
 * The contract of all kernels is in tnf_kernels.h.
 */
#ifndef TNF_WINOGRAD_ARMV7EM_H
#define TNF_WINOGRAD_ARMV7EM_H

#include "tnf_kernels.h"
#include "tnf_rows.h"

#define tnf_winograd_3x3_dsp_s8 TNF_LINK_NAME(tnf_winograd_3x3_dsp_s8, TNF_BACKEND)
#define tnf_winograd_3x3_dsp_rows_s8 TNF_LINK_NAME(tnf_winograd_3x3_dsp_rows_s8, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** Two-dimensional convolution of 3x3 without groups, of at least four channels in and out, whose
 *  clamp is all of int8. */
typedef struct tnf_winograd_3x3_dsp {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t input_channels;
    int32_t output_height;
    int32_t output_width;
    int32_t output_channels;
    int32_t filter_height;   /**< 3 */
    int32_t stride_height;   /**< also of columns: 1 */
    int32_t dilation_height; /**< also of columns: 1 */
    int32_t pad_top;
    int32_t pad_left;
    int32_t input_zero_point;
    int32_t general; /**< how sums are requantised: 0 in the short form, 1 in the general one */
    const TNF_FLASH int32_t *stream; /**< of groups of four output channels */
    const TNF_FLASH int32_t *scales; /**< of each output channel 2 words, general: 3 */
} tnf_winograd_3x3_dsp_t;

/** A row may be overwritten once the last window that needs it was copied.
 *  @param params  sizes and constants
 *  @param input   [batches, input_height, input_width, input_channels]
 *  @param output  [batches, output_height, output_width, output_channels]
 *  @param scratch 8-aligned: transformed tiles, sums, and four padded rows */
void tnf_winograd_3x3_dsp_s8(const TNF_FLASH tnf_winograd_3x3_dsp_t *params, const int8_t *input,
                             int8_t *output, int8_t *scratch);

/** tnf_winograd_3x3_dsp_s8 of one image by rows, see tnf_rows.h.
 *  @param params  sizes and constants; `batches` is not looked at
 *  @param input   rows of [input_width, input_channels]
 *  @param first   the first output row
 *  @param end     the one after the last
 *  @param output  [end - first, output_width, output_channels]
 *  @param scratch as of tnf_winograd_3x3_dsp_s8 */
void tnf_winograd_3x3_dsp_rows_s8(const TNF_FLASH tnf_winograd_3x3_dsp_t *params,
                                  const tnf_rows_t *input, int32_t first, int32_t end,
                                  int8_t *output, int8_t *scratch);

#ifdef __cplusplus
}
#endif

#endif
