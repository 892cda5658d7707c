#include "tnf_softmax_steps.h"

#define OUTPUT_BITS 16

TNF_KERNEL void tnf_softmax_s8_s16(const TNF_FLASH tnf_softmax_t *params, const int8_t *input,
                                   tnf_int16_t *output)
{
    for (int32_t row = 0; row < params->rows; row++) {
        const tnf_softmax_sum_t sum = tnf_softmax_sum(params, input);
        for (int32_t i = 0; i < params->depth; i++) {
            const int32_t value = tnf_softmax_probability(params, &sum, input[i], OUTPUT_BITS);
            output[i] = (int16_t)tnf_clamp(value + INT16_MIN, INT16_MIN, INT16_MAX);
        }
        input += params->depth;
        output += params->depth;
    }
}
