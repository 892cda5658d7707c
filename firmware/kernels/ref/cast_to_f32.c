#include "tnf_integers.h"
#include "tnf_quantize.h"

TNF_KERNEL void tnf_cast_to_f32(const TNF_FLASH tnf_cast_t *params, const int8_t *input,
                                int8_t *output)
{
    tnf_float_t *reals = (tnf_float_t *)(void *)output;
    for (int32_t i = 0; i < params->elements; i++) {
        reals[i] = (float)tnf_load(input, i, params->input_bytes);
    }
}
