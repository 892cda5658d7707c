#include "tnf_mac16_parts.h"

TNF_KERNEL void tnf_mac16_columns(const int8_t *input, tnf_int16_t *output, int32_t pixels,
                                  int32_t input_step, int32_t output_step, int32_t plane)
{
    for (int32_t pixel = 0; pixel < pixels; pixel++) {
        const int8_t *from = input + pixel * input_step;
        tnf_int16_t *first = output + pixel * (output_step / 2);
        tnf_int16_t *second = first + plane / 2;
        first[0] = (int16_t)(from[0] + 128);
        first[1] = (int16_t)(from[2] + 128);
        second[0] = (int16_t)(from[1] + 128);
        second[1] = (int16_t)(from[3] + 128);
    }
}
