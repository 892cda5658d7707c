#include "tnf_fast.h"

#include "tnf_pairs.h"
#include "tnf_product_high.h"
#include "tnf_requantize.h"

TNF_KERNEL void tnf_requantize_sums(const tnf_requantized_t *how, const TNF_FLASH int32_t *factors,
                                    const tnf_int32_t *sums, int32_t step, int32_t channels,
                                    int8_t *output)
{
    const int8_t *end = output + channels;
    const int32_t exponent = how->exponent;
    if (exponent < 0) {
        tnf_requantize_sums_exact(how, factors, sums, step, channels, output);
        return;
    }
    while (output != end) {
        const int32_t high = tnf_product_high(*sums + factors[0], factors[1]);
        *output++ = (int8_t)tnf_clamp((high + factors[2]) >> exponent, INT8_MIN, INT8_MAX);
        sums += step;
        factors += TNF_FACTOR_WORDS;
    }
}
