#include "tnf_mac16_parts.h"

TNF_KERNEL void tnf_mac16_gather(const int8_t *input, tnf_int16_t *output, int32_t values,
                                 int32_t pixels, int32_t input_step, int32_t output_step)
{
    for (int32_t pixel = 0; pixel < pixels; pixel++) {
        for (int32_t i = 0; i < values; i++) {
            output[i] = (int16_t)(input[i] + 128);
        }
        if (pixel + 1 < pixels) {
            input += input_step;
            output += output_step / 2;
        }
    }
}
