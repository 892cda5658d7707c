#include "tnf_sigmoid_input.h"

#define BITS 9
#define ALMOST_ONE ((uint32_t)INT16_MAX << (BITS + 1))
#define ONE ((uint32_t)1 << (16 + BITS))
#define HALF ((uint32_t)1 << BITS)

TNF_KERNEL void tnf_logistic_s16(const TNF_FLASH tnf_sigmoid_t *params, const tnf_int16_t *input,
                                 tnf_int16_t *output)
{
    for (int32_t i = 0; i < params->elements; i++) {
        const int32_t x = tnf_sigmoid_input(params, input[i]);
        uint32_t value = tnf_sigmoid_s16((uint32_t)(x < 0 ? -x : x), BITS);
        if (value == 0) {
            value = ALMOST_ONE;
        }
        /* Halves are rounded up on both sides of zero, but never to 1. */
        value = x < 0 ? ONE - value + HALF - 1U : value + HALF;
        output[i] = (int16_t)(value >> (BITS + 1));
    }
}
