#include "tnf_rescaled.h"

TNF_KERNEL void tnf_rescale_s8_s32(const TNF_FLASH tnf_rescale_t *params, const int8_t *input,
                                   tnf_int32_t *output)
{
    for (int32_t i = 0; i < params->elements; i++) {
        output[i] = tnf_rescaled(params, input[i]);
    }
}
