/** @file
 * Changes of scale and of type. The contract of all kernels is in tnf_kernels.h.
 */
#ifndef TNF_QUANTIZE_H
#define TNF_QUANTIZE_H

#include "tnf_kernels.h"

#define tnf_cast TNF_LINK_NAME(tnf_cast, TNF_BACKEND)
#define tnf_cast_from_f32 TNF_LINK_NAME(tnf_cast_from_f32, TNF_BACKEND)
#define tnf_cast_to_f32 TNF_LINK_NAME(tnf_cast_to_f32, TNF_BACKEND)
#define tnf_dequantize_s16 TNF_LINK_NAME(tnf_dequantize_s16, TNF_BACKEND)
#define tnf_dequantize_s8 TNF_LINK_NAME(tnf_dequantize_s8, TNF_BACKEND)
#define tnf_quantize_s16 TNF_LINK_NAME(tnf_quantize_s16, TNF_BACKEND)
#define tnf_quantize_s8 TNF_LINK_NAME(tnf_quantize_s8, TNF_BACKEND)
#define tnf_rescale_s16 TNF_LINK_NAME(tnf_rescale_s16, TNF_BACKEND)
#define tnf_rescale_s16_s32 TNF_LINK_NAME(tnf_rescale_s16_s32, TNF_BACKEND)
#define tnf_rescale_s16_s8 TNF_LINK_NAME(tnf_rescale_s16_s8, TNF_BACKEND)
#define tnf_rescale_s32_s16 TNF_LINK_NAME(tnf_rescale_s32_s16, TNF_BACKEND)
#define tnf_rescale_s32_s8 TNF_LINK_NAME(tnf_rescale_s32_s8, TNF_BACKEND)
#define tnf_rescale_s8 TNF_LINK_NAME(tnf_rescale_s8, TNF_BACKEND)
#define tnf_rescale_s8_s16 TNF_LINK_NAME(tnf_rescale_s8_s16, TNF_BACKEND)
#define tnf_rescale_s8_s32 TNF_LINK_NAME(tnf_rescale_s8_s32, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** Change of scale and zero point, with a clamp: QUANTIZE, RELU, RELU6 and RELU_N1_TO_1. A kernel's
 *  name has the input's type, and the output's where it is another.
 *
 *  All go forward and read a value before they write it: the output may start at the input's
 * address or before it, and where its values are larger than the input's, end where the input does.
 */
typedef struct tnf_rescale {
    int32_t elements;
    int32_t input_offset;
    int32_t multiplier;
    int32_t shift;
    int32_t output_offset;
    int32_t activation_min;
    int32_t activation_max;
} tnf_rescale_t;

/** @param params  size and constants
 *  @param input   [elements]
 *  @param output  [elements] */
void tnf_rescale_s8(const TNF_FLASH tnf_rescale_t *params, const int8_t *input, int8_t *output);

/** As tnf_rescale_s8. */
void tnf_rescale_s16(const TNF_FLASH tnf_rescale_t *params, const tnf_int16_t *input,
                     tnf_int16_t *output);

/** As tnf_rescale_s8. */
void tnf_rescale_s8_s16(const TNF_FLASH tnf_rescale_t *params, const int8_t *input,
                        tnf_int16_t *output);

/** As tnf_rescale_s8. */
void tnf_rescale_s8_s32(const TNF_FLASH tnf_rescale_t *params, const int8_t *input,
                        tnf_int32_t *output);

/** As tnf_rescale_s8. */
void tnf_rescale_s16_s8(const TNF_FLASH tnf_rescale_t *params, const tnf_int16_t *input,
                        int8_t *output);

/** As tnf_rescale_s8. */
void tnf_rescale_s16_s32(const TNF_FLASH tnf_rescale_t *params, const tnf_int16_t *input,
                         tnf_int32_t *output);

/** As tnf_rescale_s8. */
void tnf_rescale_s32_s8(const TNF_FLASH tnf_rescale_t *params, const tnf_int32_t *input,
                        int8_t *output);

/** As tnf_rescale_s8. */
void tnf_rescale_s32_s16(const TNF_FLASH tnf_rescale_t *params, const tnf_int32_t *input,
                         tnf_int16_t *output);

/** Between quantised values and floats: real = (q - zero_point) * scale. All arithmetic is single
 *  precision. Overlaps are allowed as for tnf_rescale_s8. */
typedef struct tnf_affine {
    int32_t elements;
    float scale;
    int32_t zero_point;
} tnf_affine_t;

/** The nearest quantised values, halves away from zero, limited to int8. What is no number gives
 * the zero point.
 *  @param params  size and constants
 *  @param input   [elements]
 *  @param output  [elements] */
void tnf_quantize_s8(const TNF_FLASH tnf_affine_t *params, const tnf_float_t *input,
                     int8_t *output);

/** As tnf_quantize_s8, limited to int16. */
void tnf_quantize_s16(const TNF_FLASH tnf_affine_t *params, const tnf_float_t *input,
                      tnf_int16_t *output);

/** The real values.
 *  @param params  size and constants
 *  @param input   [elements]
 *  @param output  [elements] */
void tnf_dequantize_s8(const TNF_FLASH tnf_affine_t *params, const int8_t *input,
                       tnf_float_t *output);

/** As tnf_dequantize_s8. */
void tnf_dequantize_s16(const TNF_FLASH tnf_affine_t *params, const tnf_int16_t *input,
                        tnf_float_t *output);

/** The same numbers in another type, whatever their scale. Overlaps are allowed as for
 *  tnf_rescale_s8. */
typedef struct tnf_cast {
    int32_t elements;
    int32_t input_bytes;  /**< of an integer: 1, 2 or 4 */
    int32_t output_bytes; /**< of an integer: 1, 2 or 4 */
    int32_t to_bool;      /**< 1: the output is 0 or 1, whether the input is 0 or not */
} tnf_cast_t;

/** Integers to integers, which keep the lower bits.
 *  @param params  size and types
 *  @param input   [elements * input_bytes], aligned to input_bytes
 *  @param output  [elements * output_bytes], aligned to output_bytes */
void tnf_cast(const TNF_FLASH tnf_cast_t *params, const int8_t *input, int8_t *output);

/** Floats to integers, towards zero and limited to the output's range. What is no number gives 0,
 * for int32 the greatest value.
 *  @param params  size and the output's type
 *  @param input   [elements] floats
 *  @param output  [elements * output_bytes], aligned to output_bytes */
void tnf_cast_from_f32(const TNF_FLASH tnf_cast_t *params, const int8_t *input, int8_t *output);

/** Integers to the nearest floats.
 *  @param params  size and the input's type
 *  @param input   [elements * input_bytes], aligned to input_bytes
 *  @param output  [elements] floats */
void tnf_cast_to_f32(const TNF_FLASH tnf_cast_t *params, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
