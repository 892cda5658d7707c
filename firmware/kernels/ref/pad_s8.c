#include <string.h>

#include "tnf_pad.h"

static int8_t *fill(int8_t *output, int32_t value, int32_t count)
{
    memset(output, (int)value, (size_t)count);
    return output + count;
}

TNF_KERNEL void tnf_pad_s8(const TNF_FLASH tnf_pad_t *params, const int8_t *input, int8_t *output)
{
    const int32_t value = params->value;
    const int32_t size_3 = params->before_3 + params->input_3 + params->after_3;
    const int32_t size_2 = (params->before_2 + params->input_2 + params->after_2) * size_3;
    const int32_t size_1 = (params->before_1 + params->input_1 + params->after_1) * size_2;
    output = fill(output, value, params->before_0 * size_1);
    for (int32_t i0 = 0; i0 < params->input_0; i0++) {
        output = fill(output, value, params->before_1 * size_2);
        for (int32_t i1 = 0; i1 < params->input_1; i1++) {
            output = fill(output, value, params->before_2 * size_3);
            for (int32_t i2 = 0; i2 < params->input_2; i2++) {
                output = fill(output, value, params->before_3);
                memcpy(output, input, (size_t)params->input_3);
                input += params->input_3;
                output = fill(output + params->input_3, value, params->after_3);
            }
            output = fill(output, value, params->after_2 * size_3);
        }
        output = fill(output, value, params->after_1 * size_2);
    }
    fill(output, value, params->after_0 * size_1);
}
