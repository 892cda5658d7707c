#include "tnf_fast.h"
#include "tnf_linear_sum.h"
#include "tnf_requantize.h"

/* `value` limited to int8. */
static inline int8_t saturated(int32_t value)
{
    return (int8_t)(value == (int8_t)value ? value : value >> 31 ^ INT8_MAX);
}

TNF_KERNEL TNF_FAST void tnf_linear_sum_s8(const TNF_FLASH tnf_linear_sum_t *params,
                                           const int8_t *input1, const int8_t *input2,
                                           int8_t *output)
{
    const tnf_linear_sum_t kept = *params;
    const int8_t *const end = input1 + kept.elements;
    const int32_t full = kept.activation_min == INT8_MIN && kept.activation_max == INT8_MAX;
    if (full && kept.away == 0) {
        while (input1 != end) {
            const int32_t sum = kept.constant + *input1++ * kept.input1_multiplier +
                                *input2++ * kept.input2_multiplier;
            *output++ = saturated(sum >> kept.shift);
        }
        return;
    }
    while (input1 != end) {
        int32_t sum =
            kept.constant + *input1++ * kept.input1_multiplier + *input2++ * kept.input2_multiplier;
        sum += (sum >> 31 & kept.away) + kept.halves;
        *output++ = (int8_t)tnf_clamp(sum >> kept.shift, kept.activation_min, kept.activation_max);
    }
}
