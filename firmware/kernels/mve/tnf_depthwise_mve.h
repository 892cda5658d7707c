/** @file
 * Depthwise convolution with packed weights for the M-profile vector extension. The contract of all
 * kernels is in tnf_kernels.h.
 */
#ifndef TNF_DEPTHWISE_MVE_H
#define TNF_DEPTHWISE_MVE_H

#include "tnf_kernels.h"
#include "tnf_rows.h"

#define tnf_depthwise_mve_s8 TNF_LINK_NAME(tnf_depthwise_mve_s8, TNF_BACKEND)
#define tnf_depthwise_mve_rows_s8 TNF_LINK_NAME(tnf_depthwise_mve_rows_s8, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** Depthwise convolution with one filter per channel, at most 16 values of each, and at least four
 *  channels. */
typedef struct tnf_depthwise_mve {
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
    int32_t input_zero_point; /**< what padding counts as */
    int32_t shift;            /**< minus the exponent of the short form */
    int32_t exact; /**< 1: sums are rounded twice, with the offset and clamp that follow */
    int32_t output_offset;
    int32_t activation_min;
    int32_t activation_max;
    const TNF_FLASH int8_t *weights; /**< packed, see tnf_planes_mve.h */
    const TNF_FLASH int32_t *scales; /**< packed, see tnf_planes_mve.h */
} tnf_depthwise_mve_t;

/** The output may lie over input rows that no later row's window has.
 *  @param params   sizes and constants
 *  @param input    [batches, input_height, input_width, channels]
 *  @param output   [batches, output_height, output_width, channels]
 *  @param scratch  planes of the columns under windows, and 16 bytes */
void tnf_depthwise_mve_s8(const TNF_FLASH tnf_depthwise_mve_t *params, const int8_t *input,
                          int8_t *output, int8_t *scratch);

/** tnf_depthwise_mve_s8 of one image by rows, see tnf_rows.h.
 *  @param params   sizes and constants; `batches` is not looked at
 *  @param input    rows of [input_width, channels]
 *  @param first    the first output row
 *  @param end      the one after the last
 *  @param output   [end - first, output_width, channels]
 *  @param scratch  as for tnf_depthwise_mve_s8 */
void tnf_depthwise_mve_rows_s8(const TNF_FLASH tnf_depthwise_mve_t *params, const tnf_rows_t *input,
                               int32_t first, int32_t end, int8_t *output, int8_t *scratch);

#ifdef __cplusplus
}
#endif

#endif
