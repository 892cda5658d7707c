#include "tnf_interpolated.h"
#include "tnf_requantize.h"
#include "tnf_softmax.h"

#define FRACTION_BITS 15

/* exp of a difference to the row's maximum, in Q0.15. */
static int16_t exponential(const TNF_FLASH tnf_softmax_s16_t *params, int32_t difference)
{
    const int32_t scaled = tnf_requantize(difference, params->multiplier, params->shift);
    /* A scaled difference of 0 is the table's end, so the sum below does not overflow. */
    return tnf_interpolated_s16(params->exponential,
                                tnf_clamp(scaled + INT16_MAX, INT16_MIN, INT16_MAX));
}

static void softmax_row(const TNF_FLASH tnf_softmax_s16_t *params, const tnf_int16_t *input,
                        tnf_int16_t *output)
{
    int32_t largest = INT16_MIN;
    for (int32_t i = 0; i < params->depth; i++) {
        if (input[i] > largest) {
            largest = input[i];
        }
    }
    int32_t sum = 0;
    for (int32_t i = 0; i < params->depth; i++) {
        const int16_t value = exponential(params, input[i] - largest);
        output[i] = value;
        sum += value;
    }
    /* The sum is at least the largest value's own exponential, which is nearly 1. */
    int32_t headroom = 0;
    while (((uint32_t)sum << headroom) < ((uint32_t)1 << 30)) {
        headroom++;
    }
    /* From [2^30, 2^31) to 1 + x in [2^16, 2^17]; x in [0, 1] around 0 for the table. */
    const int32_t shifted = (int32_t)((((uint32_t)sum << headroom) + ((uint32_t)1 << 13)) >> 14);
    const int32_t centred = shifted - ((int32_t)1 << 16) + INT16_MIN;
    const int32_t reciprocal =
        tnf_interpolated_s16(params->reciprocal, tnf_clamp(centred, INT16_MIN, INT16_MAX));
    const int32_t shift = 2 * FRACTION_BITS - headroom;
    const int32_t half = (int32_t)((uint32_t)1 << (shift - 1));
    for (int32_t i = 0; i < params->depth; i++) {
        const int32_t value = (output[i] * reciprocal + half) >> shift;
        output[i] = (int16_t)tnf_clamp(value, 0, INT16_MAX);
    }
}

TNF_KERNEL void tnf_softmax_s16(const TNF_FLASH tnf_softmax_s16_t *params, const tnf_int16_t *input,
                                tnf_int16_t *output)
{
    for (int32_t row = 0; row < params->rows; row++) {
        softmax_row(params, input, output);
        input += params->depth;
        output += params->depth;
    }
}
