#include "tnf_quantized.h"

TNF_KERNEL void tnf_quantize_s16(const TNF_FLASH tnf_affine_t *params, const tnf_float_t *input,
                                 tnf_int16_t *output)
{
    for (int32_t i = 0; i < params->elements; i++) {
        output[i] = (int16_t)tnf_quantized(params, input[i], INT16_MIN, INT16_MAX);
    }
}
