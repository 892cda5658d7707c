#include "tnf_quantized.h"

TNF_KERNEL void tnf_quantize_s8(const TNF_FLASH tnf_affine_t *params, const tnf_float_t *input,
                                int8_t *output)
{
    for (int32_t i = 0; i < params->elements; i++) {
        output[i] = (int8_t)tnf_quantized(params, input[i], INT8_MIN, INT8_MAX);
    }
}
