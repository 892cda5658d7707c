#include "tnf_mac16_parts.h"

TNF_KERNEL int32_t tnf_mac16_prepare(const int8_t *input, tnf_int16_t *output, int32_t quads)
{
    int32_t sum = 0;
    for (int32_t quad = 0; quad < quads; quad++) {
        output[0] = (int16_t)(input[1] + 128);
        output[1] = (int16_t)(input[3] + 128);
        output[2] = (int16_t)(256 * input[0] + 127 - input[1]);
        output[3] = (int16_t)(256 * input[2] + 127 - input[3]);
        sum += input[0] + input[2] + 256;
        input += 4;
        output += 4;
    }
    return sum;
}
