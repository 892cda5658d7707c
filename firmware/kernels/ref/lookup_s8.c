#include "tnf_activation.h"

TNF_KERNEL void tnf_lookup_s8(const TNF_FLASH tnf_lookup_s8_t *params, const int8_t *input,
                              int8_t *output)
{
    const TNF_FLASH int8_t *table = params->table;
    for (int32_t i = 0; i < params->elements; i++) {
        output[i] = table[input[i] - INT8_MIN];
    }
}
