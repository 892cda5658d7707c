/** @file
 * Transposed convolutions, of int8 and of int16 activations. The contract of all kernels is in
 * tnf_kernels.h.
 *
 * An output value gathers what an input scattered over its neighbourhood would give it, so no
 * scratch is needed.
 */
#ifndef TNF_TRANSPOSE_CONV_H
#define TNF_TRANSPOSE_CONV_H

#include "tnf_kernels.h"

#define tnf_transpose_conv_s8 TNF_LINK_NAME(tnf_transpose_conv_s8, TNF_BACKEND)
#define tnf_transpose_conv_s16 TNF_LINK_NAME(tnf_transpose_conv_s16, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** Transposed convolution of int8. */
typedef struct tnf_transpose_conv {
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
    int32_t last_row;     /**< padding above / stride_height: the last row output row 0 reads */
    int32_t phase_row;    /**< its remainder: the filter's row that meets the two */
    int32_t last_column;  /**< padding at the left / stride_width */
    int32_t phase_column; /**< its remainder */
    int32_t input_offset;
    int32_t output_offset;
    int32_t activation_min;
    int32_t activation_max;
    int32_t scale_step; /**< 1: a multiplier and shift per output channel, 0: one for all */
    /** [output_channels, filter_height, filter_width, input_channels] */
    const TNF_FLASH int8_t *weights;
    const TNF_FLASH int32_t *bias;       /**< [output_channels], or NULL for none */
    const TNF_FLASH int32_t *multiplier; /**< [output_channels] or [1] */
    const TNF_FLASH int8_t *shift;       /**< [output_channels] or [1] */
} tnf_transpose_conv_t;

/** @param params  sizes and constants
 *  @param input   [batches, input_height, input_width, input_channels]
 *  @param output  [batches, output_height, output_width, output_channels] */
void tnf_transpose_conv_s8(const TNF_FLASH tnf_transpose_conv_t *params, const int8_t *input,
                           int8_t *output);

/** Transposed convolution of int16; sums as in tnf_conv_s16.h. */
typedef struct tnf_transpose_conv_s16 {
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
    int32_t last_row;     /**< padding above / stride_height: the last row output row 0 reads */
    int32_t phase_row;    /**< its remainder: the filter's row that meets the two */
    int32_t last_column;  /**< padding at the left / stride_width */
    int32_t phase_column; /**< its remainder */
    int32_t activation_min;
    int32_t activation_max;
    int32_t scale_step; /**< 1: a multiplier and shift per output channel, 0: one for all */
    int32_t wide;       /**< 1: sums of 64 bits, 0: sums that stay in 32 bits */
    /** [output_channels, filter_height, filter_width, input_channels] */
    const TNF_FLASH int8_t *weights;
    const TNF_FLASH int64_t *bias;       /**< [output_channels], or NULL for none */
    const TNF_FLASH int32_t *multiplier; /**< [output_channels] or [1] */
    const TNF_FLASH int8_t *shift;       /**< [output_channels] or [1] */
} tnf_transpose_conv_s16_t;

/** @param params  sizes and constants
 *  @param input   [batches, input_height, input_width, input_channels]
 *  @param output  [batches, output_height, output_width, output_channels] */
void tnf_transpose_conv_s16(const TNF_FLASH tnf_transpose_conv_s16_t *params,
                            const tnf_int16_t *input, tnf_int16_t *output);

#ifdef __cplusplus
}
#endif

#endif
