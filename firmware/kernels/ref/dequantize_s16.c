#include "tnf_quantize.h"

TNF_KERNEL void tnf_dequantize_s16(const TNF_FLASH tnf_affine_t *params, const tnf_int16_t *input,
                                   tnf_float_t *output)
{
    for (int32_t i = 0; i < params->elements; i++) {
        output[i] = params->scale * (float)((int32_t)input[i] - params->zero_point);
    }
}
