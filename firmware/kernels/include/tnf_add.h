/** @file
 * Sums of two tensors. The contract of all kernels is in tnf_kernels.h.
 */
#ifndef TNF_ADD_H
#define TNF_ADD_H

#include "tnf_kernels.h"

#define tnf_add_s8 TNF_LINK_NAME(tnf_add_s8, TNF_BACKEND)
#define tnf_add_constant_s8 TNF_LINK_NAME(tnf_add_constant_s8, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** Sum of two tensors, either of which may be broadcast: its stride along that dimension is 0.
 *  Dimensions along which both are dense are merged by the compiler. */
typedef struct tnf_add {
    int32_t extent_0; /**< of the output, outermost first */
    int32_t extent_1;
    int32_t extent_2;
    int32_t extent_3;
    int32_t input1_stride_0; /**< in elements, 0 where input 1 is broadcast */
    int32_t input1_stride_1;
    int32_t input1_stride_2;
    int32_t input1_stride_3;
    int32_t input2_stride_0;
    int32_t input2_stride_1;
    int32_t input2_stride_2;
    int32_t input2_stride_3;
    int32_t input1_offset; /**< minus the zero point */
    int32_t input1_multiplier;
    int32_t input1_shift; /**< at most 0 */
    int32_t input2_offset;
    int32_t input2_multiplier;
    int32_t input2_shift; /**< at most 0 */
    int32_t left_shift;   /**< of both inputs before they are scaled: 20 */
    int32_t output_offset;
    int32_t output_multiplier;
    int32_t output_shift; /**< at most 0 */
    int32_t activation_min;
    int32_t activation_max;
    const TNF_FLASH int8_t *constant; /**< the second operand of tnf_add_constant_s8, else NULL */
} tnf_add_t;

/** In place over any input that is not broadcast.
 *  @param params  sizes and constants
 *  @param input1  first operand
 *  @param input2  second operand; may be the first
 *  @param output  [extent_0, extent_1, extent_2, extent_3] */
void tnf_add_s8(const TNF_FLASH tnf_add_t *params, const int8_t *input1, const int8_t *input2,
                int8_t *output);

/** tnf_add_s8 with the operand params->constant. In place if the input is not broadcast.
 *  @param params  sizes and constants
 *  @param input   first operand
 *  @param output  [extent_0, extent_1, extent_2, extent_3] */
void tnf_add_constant_s8(const TNF_FLASH tnf_add_t *params, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
