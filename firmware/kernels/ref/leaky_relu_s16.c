#include "tnf_activation.h"
#include "tnf_requantize.h"

TNF_KERNEL void tnf_leaky_relu_s16(const TNF_FLASH tnf_leaky_relu_t *params,
                                   const tnf_int16_t *input, tnf_int16_t *output)
{
    for (int32_t i = 0; i < params->elements; i++) {
        const int32_t value =
            input[i] < 0
                ? tnf_requantize(input[i], params->negative_multiplier, params->negative_shift)
                : tnf_requantize(input[i], params->multiplier, params->shift);
        output[i] = (int16_t)tnf_clamp(value, INT16_MIN, INT16_MAX);
    }
}
