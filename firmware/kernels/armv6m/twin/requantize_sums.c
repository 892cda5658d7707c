#include "tnf_pairs.h"
#include "tnf_product_high.h"
#include "tnf_requantize.h"

TNF_KERNEL void tnf_requantize_sums(const tnf_requantized_t *how, const TNF_FLASH int32_t *factors,
                                    const tnf_sums_t *sums, int8_t *output)
{
    const tnf_int32_t *values = sums->values;
    if (how->exponent < 0) {
        tnf_requantize_sums_exact(how, factors, sums, output);
        return;
    }
    for (int32_t channel = 0; channel < sums->channels; channel++) {
        int8_t *next = output + channel;
        for (int32_t pixel = 0; pixel < sums->pixels; pixel++) {
            const int32_t high = tnf_product_high(values[pixel] + factors[0], factors[1]);
            const int32_t value = (high + factors[2]) >> how->exponent;
            *next = (int8_t)tnf_clamp(value, INT8_MIN, INT8_MAX);
            next += sums->pitch;
        }
        values += sums->step;
        factors += TNF_FACTOR_WORDS;
    }
}
