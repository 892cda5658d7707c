#include "tnf_fast.h"

#include "tnf_exact.h"
#include "tnf_pairs.h"

TNF_KERNEL void tnf_requantize_sums_exact(const tnf_requantized_t *how,
                                          const TNF_FLASH int32_t *factors, const tnf_sums_t *sums,
                                          int8_t *output)
{
    const int32_t offset = how->output_offset;
    const int32_t low = how->activation_min;
    const int32_t high = how->activation_max;
    const tnf_int32_t *values = sums->values;
    for (int32_t channel = 0; channel < sums->channels; channel++) {
        const tnf_factor_t factor = tnf_factor(factors[1], factors[2]);
        const int32_t start = factors[0];
        int8_t *next = output + channel;
        for (int32_t pixel = 0; pixel < sums->pixels; pixel++) {
            *next = tnf_clamped_s8(tnf_scaled(values[pixel] + start, factor), offset, low, high);
            next += sums->pitch;
        }
        values += sums->step;
        factors += TNF_FACTOR_WORDS;
    }
}
