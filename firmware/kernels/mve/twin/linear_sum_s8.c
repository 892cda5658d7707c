#include "tnf_linear_sum.h"
#include "tnf_requantize.h"

TNF_KERNEL void tnf_linear_sum_s8(const TNF_FLASH tnf_linear_sum_t *params, const int8_t *input1,
                                  const int8_t *input2, int8_t *output)
{
    for (int32_t i = 0; i < params->elements; i++) {
        const int32_t sum = params->constant + input1[i] * params->input1_multiplier +
                            input2[i] * params->input2_multiplier;
        output[i] =
            (int8_t)tnf_clamp(sum >> params->shift, params->activation_min, params->activation_max);
    }
}
