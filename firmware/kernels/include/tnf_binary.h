/** @file
 * Operators of two tensors. The contract of all kernels is in tnf_kernels.h.
 *
 * Either operand may be broadcast. The second one may be a constant: then `params->constant` is it,
 * and the kernel does not read its second input. All kernels work in place over any input that is
 * not broadcast.
 */
#ifndef TNF_BINARY_H
#define TNF_BINARY_H

#include "tnf_kernels.h"

#define tnf_add_s8 TNF_LINK_NAME(tnf_add_s8, TNF_BACKEND)
#define tnf_add_s16 TNF_LINK_NAME(tnf_add_s16, TNF_BACKEND)
#define tnf_add_s32 TNF_LINK_NAME(tnf_add_s32, TNF_BACKEND)
#define tnf_mul_s8 TNF_LINK_NAME(tnf_mul_s8, TNF_BACKEND)
#define tnf_mul_s16 TNF_LINK_NAME(tnf_mul_s16, TNF_BACKEND)
#define tnf_mul_s32 TNF_LINK_NAME(tnf_mul_s32, TNF_BACKEND)
#define tnf_squared_difference_s16 TNF_LINK_NAME(tnf_squared_difference_s16, TNF_BACKEND)
#define tnf_squared_difference_s8 TNF_LINK_NAME(tnf_squared_difference_s8, TNF_BACKEND)
#define tnf_maximum_s8 TNF_LINK_NAME(tnf_maximum_s8, TNF_BACKEND)
#define tnf_maximum_s16 TNF_LINK_NAME(tnf_maximum_s16, TNF_BACKEND)
#define tnf_maximum_s32 TNF_LINK_NAME(tnf_maximum_s32, TNF_BACKEND)
#define tnf_minimum_s8 TNF_LINK_NAME(tnf_minimum_s8, TNF_BACKEND)
#define tnf_minimum_s16 TNF_LINK_NAME(tnf_minimum_s16, TNF_BACKEND)
#define tnf_minimum_s32 TNF_LINK_NAME(tnf_minimum_s32, TNF_BACKEND)
#define tnf_prelu_s16 TNF_LINK_NAME(tnf_prelu_s16, TNF_BACKEND)
#define tnf_prelu_s8 TNF_LINK_NAME(tnf_prelu_s8, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** How two operands meet: the output's extents, outermost first, and for every operand the step
 *  from one value to the next along each, in values; 0 where it is broadcast. The compiler merges
 *  dimensions along which both are dense. */
typedef struct tnf_broadcast {
    int32_t extent_0;
    int32_t extent_1;
    int32_t extent_2;
    int32_t extent_3;
    int32_t input1_stride_0;
    int32_t input1_stride_1;
    int32_t input1_stride_2;
    int32_t input1_stride_3;
    int32_t input2_stride_0;
    int32_t input2_stride_1;
    int32_t input2_stride_2;
    int32_t input2_stride_3;
} tnf_broadcast_t;

/** Sum or difference of two tensors. Each operand is shifted left and scaled to a scale that holds
 *  both; the sum is then scaled to the output's. */
typedef struct tnf_add {
    tnf_broadcast_t shape;
    int32_t input1_offset;     /**< minus the zero point */
    int32_t input1_multiplier; /**< negative where input 1 is subtracted */
    int32_t input1_shift;      /**< at most 0 */
    int32_t input2_offset;
    int32_t input2_multiplier; /**< negative where input 2 is subtracted */
    int32_t input2_shift;      /**< at most 0 */
    int32_t left_shift;        /**< of both operands: at most 20 for int8, 15 for int16 */
    int32_t output_offset;
    int32_t output_multiplier;
    int32_t output_shift; /**< at most 1 */
    int32_t activation_min;
    int32_t activation_max;
    const TNF_FLASH void *constant; /**< the second operand, of the inputs' type, or NULL */
} tnf_add_t;

/** @param params  sizes and constants
 *  @param input1  first operand
 *  @param input2  second operand; may be the first
 *  @param output  [extent_0, extent_1, extent_2, extent_3] */
void tnf_add_s8(const TNF_FLASH tnf_add_t *params, const int8_t *input1, const int8_t *input2,
                int8_t *output);

/** tnf_add_s8 for int16. */
void tnf_add_s16(const TNF_FLASH tnf_add_t *params, const tnf_int16_t *input1,
                 const tnf_int16_t *input2, tnf_int16_t *output);

/** The square of the difference of both operands, scaled as tnf_add_s8 does: left_shift is 7, no
 *  multiplier is negative. */
void tnf_squared_difference_s8(const TNF_FLASH tnf_add_t *params, const int8_t *input1,
                               const int8_t *input2, int8_t *output);

/** tnf_squared_difference_s8 for int16: left_shift is 0. */
void tnf_squared_difference_s16(const TNF_FLASH tnf_add_t *params, const tnf_int16_t *input1,
                                const tnf_int16_t *input2, tnf_int16_t *output);

/** Product of two tensors. */
typedef struct tnf_mul {
    tnf_broadcast_t shape;
    int32_t input1_offset; /**< minus the zero point */
    int32_t input2_offset;
    int32_t output_offset;
    int32_t multiplier;
    int32_t shift;
    int32_t activation_min;
    int32_t activation_max;
    const TNF_FLASH void *constant; /**< the second operand, of the inputs' type, or NULL */
} tnf_mul_t;

/** @param params  sizes and constants
 *  @param input1  first operand
 *  @param input2  second operand; may be the first
 *  @param output  [extent_0, extent_1, extent_2, extent_3] */
void tnf_mul_s8(const TNF_FLASH tnf_mul_t *params, const int8_t *input1, const int8_t *input2,
                int8_t *output);

/** tnf_mul_s8 for int16. */
void tnf_mul_s16(const TNF_FLASH tnf_mul_t *params, const tnf_int16_t *input1,
                 const tnf_int16_t *input2, tnf_int16_t *output);

/** Sum, difference or product of integers without a scale, wrapping to 32 bits. */
typedef struct tnf_integers {
    tnf_broadcast_t shape;
    int32_t input1_sign; /**< 1, or -1 where input 1 is subtracted */
    int32_t input2_sign;
    int32_t activation_min;
    int32_t activation_max;
    const TNF_FLASH void *constant; /**< the second operand, int32, or NULL */
} tnf_integers_t;

/** @param params  sizes and bounds
 *  @param input1  first operand
 *  @param input2  second operand; may be the first
 *  @param output  [extent_0, extent_1, extent_2, extent_3] */
void tnf_add_s32(const TNF_FLASH tnf_integers_t *params, const tnf_int32_t *input1,
                 const tnf_int32_t *input2, tnf_int32_t *output);

/** The product; both signs are 1. */
void tnf_mul_s32(const TNF_FLASH tnf_integers_t *params, const tnf_int32_t *input1,
                 const tnf_int32_t *input2, tnf_int32_t *output);

/** The larger or the smaller of two values that have one scale and zero point. */
typedef struct tnf_maximum {
    tnf_broadcast_t shape;
    const TNF_FLASH void *constant; /**< the second operand, of the inputs' type, or NULL */
} tnf_maximum_t;

/** @param params  sizes
 *  @param input1  first operand
 *  @param input2  second operand; may be the first
 *  @param output  [extent_0, extent_1, extent_2, extent_3] */
void tnf_maximum_s8(const TNF_FLASH tnf_maximum_t *params, const int8_t *input1,
                    const int8_t *input2, int8_t *output);

/** tnf_maximum_s8 for int16. */
void tnf_maximum_s16(const TNF_FLASH tnf_maximum_t *params, const tnf_int16_t *input1,
                     const tnf_int16_t *input2, tnf_int16_t *output);

/** tnf_maximum_s8 for int32. */
void tnf_maximum_s32(const TNF_FLASH tnf_maximum_t *params, const tnf_int32_t *input1,
                     const tnf_int32_t *input2, tnf_int32_t *output);

/** As tnf_maximum_s8, the smaller. */
void tnf_minimum_s8(const TNF_FLASH tnf_maximum_t *params, const int8_t *input1,
                    const int8_t *input2, int8_t *output);

/** tnf_minimum_s8 for int16. */
void tnf_minimum_s16(const TNF_FLASH tnf_maximum_t *params, const tnf_int16_t *input1,
                     const tnf_int16_t *input2, tnf_int16_t *output);

/** tnf_minimum_s8 for int32. */
void tnf_minimum_s32(const TNF_FLASH tnf_maximum_t *params, const tnf_int32_t *input1,
                     const tnf_int32_t *input2, tnf_int32_t *output);

/** Values under zero times their alpha, the second operand. */
typedef struct tnf_prelu {
    tnf_broadcast_t shape;
    int32_t input_offset;
    int32_t alpha_offset; /**< minus alpha's zero point */
    int32_t output_offset;
    int32_t positive_multiplier; /**< of values from zero on */
    int32_t positive_shift;
    int32_t negative_multiplier; /**< of values under zero times alpha */
    int32_t negative_shift;
    const TNF_FLASH int8_t *constant; /**< alpha */
} tnf_prelu_t;

/** @param params  sizes and constants
 *  @param input   first operand
 *  @param output  [extent_0, extent_1, extent_2, extent_3] */
void tnf_prelu_s8(const TNF_FLASH tnf_prelu_t *params, const int8_t *input, int8_t *output);

/** tnf_prelu_s8 for int16. */
void tnf_prelu_s16(const TNF_FLASH tnf_prelu_t *params, const tnf_int16_t *input,
                   tnf_int16_t *output);

#ifdef __cplusplus
}
#endif

#endif
