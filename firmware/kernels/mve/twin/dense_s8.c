#include "tnf_dense_mve.h"
#include "tnf_requantize.h"

static int32_t sum_of(const tnf_dense_t *dense, const int8_t *weights)
{
    int32_t sum = 0;
    for (int32_t slice = 0; slice < dense->slices; slice++) {
        const int8_t *values =
            slice == 0 ? dense->last : dense->values + (slice - 1) * TNF_DENSE_SLICE;
        for (int32_t i = 0; i < TNF_DENSE_SLICE; i++) {
            sum += values[i] * weights[8 * slice * TNF_DENSE_SLICE + i];
        }
    }
    return sum;
}

static int8_t output_of(const tnf_dense_t *dense, int32_t sum, const TNF_FLASH int32_t *scales)
{
    const int32_t biased = sum + scales[0];
    if (dense->exact != 0) {
        return tnf_requantize_s8(biased, scales[4], scales[8], dense->output_offset,
                                 dense->activation_min, dense->activation_max);
    }
    const int32_t product = (int32_t)(((int64_t)biased * scales[4]) >> 32);
    return (int8_t)tnf_clamp((product + scales[8]) >> -dense->shift, INT8_MIN, INT8_MAX);
}

TNF_KERNEL void tnf_dense_s8(const tnf_dense_t *dense)
{
    const int32_t weight_words = dense->slices * 8 * TNF_DENSE_SLICE / 4;
    for (int32_t channel = 0; channel < dense->channels; channel++) {
        const TNF_FLASH int32_t *eight = dense->weights + channel / 8 * (weight_words + 24);
        const int32_t lane = channel % 8;
        const int8_t *weights = (const int8_t *)eight + lane * TNF_DENSE_SLICE;
        dense->output[channel] = output_of(dense, sum_of(dense, weights),
                                           eight + weight_words + lane / 4 * 12 + lane % 4);
    }
}
