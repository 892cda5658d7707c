/* What the assembly of pixels_s8 and deep_pixels_s8 computes, one output after the other. */
#ifndef TNF_PIXELS_TWIN_H
#define TNF_PIXELS_TWIN_H

#include "tnf_pixels_mve.h"
#include "tnf_requantize.h"

static inline int32_t tnf_pixels_sum(const int8_t *values, const int8_t *weights, int32_t slices)
{
    int32_t slice = slices <= TNF_SHORT_SLICES ? slices - 1 : 0;
    int32_t sum = 0;
    for (int32_t turn = 0; turn < slices; turn++) {
        for (int32_t i = 0; i < TNF_SLICE; i++) {
            sum += values[slice * TNF_SLICE + i] * weights[2 * turn * TNF_SLICE + i];
        }
        slice = slice + 1 < slices ? slice + 1 : 0;
    }
    return sum;
}

/* `scales` are those of a quad: four biases, multipliers, and constants or shifts. */
static inline int8_t tnf_pixels_output(const tnf_pixels_t *pixels, int32_t sum,
                                       const TNF_FLASH int32_t *scales)
{
    const int32_t biased = sum + scales[0];
    if (pixels->exact != 0) {
        return tnf_requantize_s8(biased, scales[4], scales[8], pixels->output_offset,
                                 pixels->activation_min, pixels->activation_max);
    }
    const int32_t product = (int32_t)(((int64_t)biased * scales[4]) >> 32);
    return (int8_t)tnf_clamp((product + scales[8]) >> -pixels->shift, INT8_MIN, INT8_MAX);
}

static inline void tnf_pixels_twin(const tnf_pixels_t *pixels)
{
    const int32_t quad_words = pixels->slices * TNF_SLICE + 12;
    for (int32_t pixel = 0; pixel < pixels->count; pixel++) {
        const int8_t *values = pixels->values + pixel * pixels->slices * TNF_SLICE;
        for (int32_t channel = 0; channel < pixels->channels; channel++) {
            const int32_t lane = channel % 4;
            const TNF_FLASH int32_t *quad = pixels->weights + channel / 4 * quad_words;
            const int8_t *pair = (const int8_t *)(quad + lane % 2 * pixels->slices * 8);
            const int32_t sum = tnf_pixels_sum(values, pair + lane / 2 * TNF_SLICE, pixels->slices);
            pixels->output[pixel * pixels->channels + channel] =
                tnf_pixels_output(pixels, sum, quad + quad_words - 12 + lane);
        }
    }
}

#endif
