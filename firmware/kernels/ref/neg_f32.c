#include "tnf_activation.h"

TNF_KERNEL void tnf_neg_f32(const TNF_FLASH tnf_neg_t *params, const tnf_float_t *input,
                            tnf_float_t *output)
{
    for (int32_t i = 0; i < params->elements; i++) {
        output[i] = -input[i];
    }
}
