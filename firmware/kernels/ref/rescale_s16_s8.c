#include "tnf_rescaled.h"

TNF_KERNEL void tnf_rescale_s16_s8(const TNF_FLASH tnf_rescale_t *params, const tnf_int16_t *input,
                                   int8_t *output)
{
    for (int32_t i = 0; i < params->elements; i++) {
        output[i] = (int8_t)tnf_rescaled(params, input[i]);
    }
}
