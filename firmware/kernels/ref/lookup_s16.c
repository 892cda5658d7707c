#include "tnf_activation.h"
#include "tnf_interpolated.h"

TNF_KERNEL void tnf_lookup_s16(const TNF_FLASH tnf_lookup_s16_t *params, const tnf_int16_t *input,
                               tnf_int16_t *output)
{
    for (int32_t i = 0; i < params->elements; i++) {
        output[i] = tnf_interpolated_s16(params->table, input[i]);
    }
}
