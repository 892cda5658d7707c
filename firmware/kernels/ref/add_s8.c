#include "tnf_kernels.h"
#include "tnf_requantize.h"

static int32_t scaled(int8_t value, int32_t offset, int32_t left_shift, int32_t multiplier,
                      int32_t shift)
{
    return tnf_requantize(tnf_shift_left(value + offset, left_shift), multiplier, shift);
}

TNF_KERNEL void tnf_add_s8(const tnf_add_t *params, const int8_t *input1, const int8_t *input2,
                           int8_t *output)
{
    for (int32_t i0 = 0; i0 < params->extent_0; i0++) {
        for (int32_t i1 = 0; i1 < params->extent_1; i1++) {
            for (int32_t i2 = 0; i2 < params->extent_2; i2++) {
                const int8_t *values1 = input1 + i0 * params->input1_stride_0 +
                                        i1 * params->input1_stride_1 + i2 * params->input1_stride_2;
                const int8_t *values2 = input2 + i0 * params->input2_stride_0 +
                                        i1 * params->input2_stride_1 + i2 * params->input2_stride_2;
                for (int32_t i3 = 0; i3 < params->extent_3; i3++) {
                    const int32_t sum = scaled(*values1, params->input1_offset, params->left_shift,
                                               params->input1_multiplier, params->input1_shift) +
                                        scaled(*values2, params->input2_offset, params->left_shift,
                                               params->input2_multiplier, params->input2_shift);
                    *output++ = tnf_requantize_s8(sum, params->output_multiplier,
                                                  params->output_shift, params->output_offset,
                                                  params->activation_min, params->activation_max);
                    values1 += params->input1_stride_3;
                    values2 += params->input2_stride_3;
                }
            }
        }
    }
}
