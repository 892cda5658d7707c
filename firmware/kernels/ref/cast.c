#include "tnf_integers.h"
#include "tnf_quantize.h"

TNF_KERNEL void tnf_cast(const TNF_FLASH tnf_cast_t *params, const int8_t *input, int8_t *output)
{
    for (int32_t i = 0; i < params->elements; i++) {
        int32_t value = tnf_load(input, i, params->input_bytes);
        if (params->to_bool != 0) {
            value = value != 0;
        }
        tnf_store(output, i, params->output_bytes, value);
    }
}
