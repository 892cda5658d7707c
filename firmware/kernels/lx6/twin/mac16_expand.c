#include "tnf_mac16_parts.h"

TNF_KERNEL void tnf_mac16_expand(const int8_t *input, tnf_int16_t *output, int32_t quads)
{
    for (int32_t quad = 0; quad < quads; quad++) {
        output[0] = (int16_t)(input[0] + 128);
        output[1] = (int16_t)(input[2] + 128);
        output[2] = (int16_t)(input[1] + 128);
        output[3] = (int16_t)(input[3] + 128);
        input += 4;
        output += 4;
    }
}
