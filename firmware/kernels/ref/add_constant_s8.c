#include "tnf_add_values.h"

TNF_KERNEL void tnf_add_constant_s8(const TNF_FLASH tnf_add_t *params, const int8_t *input,
                                    int8_t *output)
{
    for (int32_t i0 = 0; i0 < params->extent_0; i0++) {
        for (int32_t i1 = 0; i1 < params->extent_1; i1++) {
            for (int32_t i2 = 0; i2 < params->extent_2; i2++) {
                const int8_t *values1 = input + i0 * params->input1_stride_0 +
                                        i1 * params->input1_stride_1 + i2 * params->input1_stride_2;
                const TNF_FLASH int8_t *values2 = params->constant + i0 * params->input2_stride_0 +
                                                  i1 * params->input2_stride_1 +
                                                  i2 * params->input2_stride_2;
                for (int32_t i3 = 0; i3 < params->extent_3; i3++) {
                    *output++ = tnf_add_values(params, *values1, *values2);
                    values1 += params->input1_stride_3;
                    values2 += params->input2_stride_3;
                }
            }
        }
    }
}
