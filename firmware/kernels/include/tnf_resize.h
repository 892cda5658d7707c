/** @file
 * Resized images. The contract of all kernels is in tnf_kernels.h.
 */
#ifndef TNF_RESIZE_H
#define TNF_RESIZE_H

#include "tnf_kernels.h"

#define tnf_resize_bilinear_s8 TNF_LINK_NAME(tnf_resize_bilinear_s8, TNF_BACKEND)
#define tnf_resize_bilinear_s16 TNF_LINK_NAME(tnf_resize_bilinear_s16, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** Bilinear interpolation in fixed point with 10 fractional bits. Output row y lies in the input at
 *  y * height_scale + height_offset, columns likewise; the compiler proved that this is at least
 *  -512 and less than the input's size. */
typedef struct tnf_resize_bilinear {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t output_height;
    int32_t output_width;
    int32_t channels;
    int32_t height_scale; /**< input rows per output row, 10 fractional bits */
    int32_t width_scale;
    int32_t height_offset; /**< of output row 0, 10 fractional bits */
    int32_t width_offset;
} tnf_resize_bilinear_t;

/** @param params  sizes and scales
 *  @param input   [batches, input_height, input_width, channels]
 *  @param output  [batches, output_height, output_width, channels] */
void tnf_resize_bilinear_s8(const TNF_FLASH tnf_resize_bilinear_t *params, const int8_t *input,
                            int8_t *output);

/** @param params  sizes and scales
 *  @param input   [batches, input_height, input_width, channels]
 *  @param output  [batches, output_height, output_width, channels] */
void tnf_resize_bilinear_s16(const TNF_FLASH tnf_resize_bilinear_t *params,
                             const tnf_int16_t *input, tnf_int16_t *output);

#ifdef __cplusplus
}
#endif

#endif
