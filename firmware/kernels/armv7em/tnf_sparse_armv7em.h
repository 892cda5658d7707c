/** @file
 * Convolutions of 1x1 whose weights are mostly zero, for cores with the DSP extension of Armv7E-M
 * and Armv8-M. How weights are packed is in README.md beside this file. The contract of all kernels
 * is in tnf_kernels.h.
 */
#ifndef TNF_SPARSE_ARMV7EM_H
#define TNF_SPARSE_ARMV7EM_H

#include "tnf_kernels.h"
#include "tnf_rows.h"

#define tnf_sparse_1x1_dsp_s8 TNF_LINK_NAME(tnf_sparse_1x1_dsp_s8, TNF_BACKEND)
#define tnf_sparse_1x1_dsp_rows_s8 TNF_LINK_NAME(tnf_sparse_1x1_dsp_rows_s8, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** Two-dimensional convolution of 1x1 at stride 1, of at least four input channels, whose clamp is
 *  all of int8. */
typedef struct tnf_sparse_1x1_dsp {
    int32_t batches;
    int32_t input_height; /**< also of the output */
    int32_t input_width;  /**< also of the output */
    int32_t input_channels;
    int32_t output_channels;
    int32_t filter_height;   /**< 1 */
    int32_t stride_height;   /**< 1 */
    int32_t dilation_height; /**< 1 */
    int32_t pad_top;         /**< 0 */
    int32_t general; /**< how sums are requantised: 0 in the short form, 1 in the general one */
    int32_t words;   /**< of the stream */
    const TNF_FLASH int32_t *stream; /**< of output channels */
} tnf_sparse_1x1_dsp_t;

/** Eight pixels are copied before one of their outputs is written.
 *  @param params  sizes and constants
 *  @param input   [batches, input_height, input_width, input_channels]
 *  @param output  [batches, input_height, input_width, output_channels]
 *  @param scratch 8-aligned: eight pixels as int16, channels a multiple of four */
void tnf_sparse_1x1_dsp_s8(const TNF_FLASH tnf_sparse_1x1_dsp_t *params, const int8_t *input,
                           int8_t *output, int8_t *scratch);

/** tnf_sparse_1x1_dsp_s8 of one image by rows, see tnf_rows.h.
 *  @param params  sizes and constants; `batches` is not looked at
 *  @param input   rows of [input_width, input_channels]
 *  @param first   the first output row
 *  @param end     the one after the last
 *  @param output  [end - first, input_width, output_channels]
 *  @param scratch as of tnf_sparse_1x1_dsp_s8 */
void tnf_sparse_1x1_dsp_rows_s8(const TNF_FLASH tnf_sparse_1x1_dsp_t *params,
                                const tnf_rows_t *input, int32_t first, int32_t end, int8_t *output,
                                int8_t *scratch);

#ifdef __cplusplus
}
#endif

#endif
