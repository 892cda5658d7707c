#include "tnf_mac16_output.h"

TNF_KERNEL void tnf_mac16_linear(const tnf_mac16_linear_t *form, const int8_t *input1,
                                 const int8_t *input2, int8_t *output, int32_t words)
{
    for (int32_t i = 0; i < 4 * words; i++) {
        const int32_t sum = form->constant + input1[i] * form->first + input2[i] * form->second;
        output[i] = (int8_t)tnf_clamped(sum >> form->shift, INT8_MIN, INT8_MAX);
    }
}
