#include "tnf_sigmoid_input.h"

#define BITS 8
#define ALMOST_ONE ((int32_t)UINT16_MAX << BITS)
#define HALF_OF_ONE ((int32_t)1 << (15 + BITS))
#define HALF ((int32_t)1 << (BITS - 1))

/* tanh(x) is 2 * logistic(2 * x) - 1. */
TNF_KERNEL void tnf_tanh_s16(const TNF_FLASH tnf_sigmoid_t *params, const tnf_int16_t *input,
                             tnf_int16_t *output)
{
    for (int32_t i = 0; i < params->elements; i++) {
        const int32_t x = tnf_sigmoid_input(params, input[i]);
        int32_t value = (int32_t)tnf_sigmoid_s16((uint32_t)(x < 0 ? -x : x), BITS);
        if (value == 0) {
            value = ALMOST_ONE;
        }
        value = x < 0 ? HALF_OF_ONE - value + HALF - 1 : value - HALF_OF_ONE + HALF;
        output[i] = (int16_t)(value >> BITS);
    }
}
