#include "tnf_fast.h"

#include "tnf_pairs.h"
#include "tnf_requantize.h"

TNF_KERNEL void tnf_requantize_sums_exact(const tnf_requantized_t *how,
                                          const TNF_FLASH int32_t *factors, const tnf_int32_t *sums,
                                          int32_t step, int32_t channels, int8_t *output)
{
    const int8_t *end = output + channels;
    while (output != end) {
        *output++ = tnf_requantize_s8(*sums + factors[0], factors[1], factors[2],
                                      how->output_offset, how->activation_min, how->activation_max);
        sums += step;
        factors += TNF_FACTOR_WORDS;
    }
}
