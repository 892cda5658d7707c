#include "tnf_fast.h"
#include "tnf_softmax_steps.h"
#include "tnf_softmax_table.h"

#define OUTPUT_BITS 8

static inline int32_t largest_of(const int8_t *input, int32_t depth)
{
    int32_t largest = INT8_MIN;
    for (int32_t i = 0; i < depth; i++) {
        largest = input[i] > largest ? input[i] : largest;
    }
    return largest;
}

TNF_KERNEL TNF_FAST void tnf_softmax_table_s8(const TNF_FLASH tnf_softmax_table_t *params,
                                              const int8_t *input, int8_t *output)
{
    const int32_t depth = params->depth;
    const int32_t differences = params->differences;
    const TNF_FLASH int32_t *const exponentials = params->exponentials;
    for (int32_t row = 0; row < params->rows; row++) {
        const int32_t largest = largest_of(input, depth);
        int32_t sum = 0;
        for (int32_t i = 0; i < depth; i++) {
            const int32_t difference = largest - input[i];
            if (difference < differences) {
                sum += tnf_divide_by_power_of_two(exponentials[difference], SUM_INTEGER_BITS);
            }
        }
        /* The sum is at least 1, because the largest value's own exponential is. */
        int32_t headroom = 0;
        while (((uint32_t)sum << headroom) < ((uint32_t)1 << 31)) {
            headroom++;
        }
        const int32_t reciprocal =
            tnf_one_over_one_plus((int32_t)(((uint32_t)sum << headroom) - ((uint32_t)1 << 31)));
        const int32_t exponent = SUM_INTEGER_BITS - headroom + 31 - OUTPUT_BITS;
        /* An exponent over 31 would leave less than half a step of anything. */
        const int32_t counted = exponent > 31 ? 0 : differences;
        for (int32_t i = 0; i < depth; i++) {
            const int32_t difference = largest - input[i];
            int32_t value = 0;
            if (difference < counted) {
                value = tnf_divide_by_power_of_two(
                    tnf_multiply_high(reciprocal, exponentials[difference]), exponent);
            }
            output[i] = (int8_t)tnf_clamp(value + INT8_MIN, INT8_MIN, INT8_MAX);
        }
        input += depth;
        output += depth;
    }
}
