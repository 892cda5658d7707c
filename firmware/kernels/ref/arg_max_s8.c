#include "tnf_reduce.h"

TNF_KERNEL void tnf_arg_max_s8(const TNF_FLASH tnf_arg_max_t *params, const int8_t *input,
                               tnf_int32_t *output)
{
    for (int32_t outer = 0; outer < params->outer; outer++) {
        for (int32_t inner = 0; inner < params->inner; inner++) {
            int32_t largest = INT32_MIN;
            int32_t place = 0;
            for (int32_t i = 0; i < params->size; i++) {
                const int32_t value = input[i * params->inner + inner] * params->sign;
                if (value > largest) {
                    largest = value;
                    place = i;
                }
            }
            *output++ = place;
        }
        input += params->size * params->inner;
    }
}
