#include "tnf_mac16_parts.h"

TNF_KERNEL void tnf_mac16_pairs(const int8_t *input, tnf_int16_t *output, int32_t pixels,
                                int32_t input_step, int32_t output_step, int32_t second)
{
    for (int32_t pixel = 0; pixel < pixels; pixel++) {
        const int8_t *from = input + pixel * input_step;
        tnf_int16_t *to = output + pixel * (output_step / 2);
        to[0] = (int16_t)(from[0] + 128);
        to[1] = (int16_t)(from[second] + 128);
    }
}
