#include "tnf_fast.h"

#include "tnf_pairs.h"
#include "tnf_requantize.h"

TNF_KERNEL void tnf_requantize_sums_exact(const tnf_requantized_t *how,
                                          const TNF_FLASH int32_t *factors, const tnf_sums_t *sums,
                                          int8_t *output)
{
    const tnf_int32_t *values = sums->values;
    for (int32_t channel = 0; channel < sums->channels; channel++) {
        int8_t *next = output + channel;
        for (int32_t pixel = 0; pixel < sums->pixels; pixel++) {
            *next = tnf_requantize_s8(values[pixel] + factors[0], factors[1], factors[2],
                                      how->output_offset, how->activation_min, how->activation_max);
            next += sums->pitch;
        }
        values += sums->step;
        factors += TNF_FACTOR_WORDS;
    }
}
