#include "tnf_reduce.h"
#include "tnf_requantize.h"

TNF_KERNEL void tnf_sum_s16(const TNF_FLASH tnf_sum_t *params, const tnf_int16_t *input,
                            tnf_int16_t *output)
{
    const int32_t inner_size = params->reduced_1 * params->kept_2;
    const int32_t middle_size = params->kept_1 * inner_size;
    for (int32_t kept_0 = 0; kept_0 < params->kept_0; kept_0++) {
        for (int32_t kept_1 = 0; kept_1 < params->kept_1; kept_1++) {
            for (int32_t kept_2 = 0; kept_2 < params->kept_2; kept_2++) {
                int32_t sum = params->input_offset;
                for (int32_t reduced_0 = 0; reduced_0 < params->reduced_0; reduced_0++) {
                    const tnf_int16_t *values =
                        input + reduced_0 * middle_size + kept_1 * inner_size + kept_2;
                    for (int32_t reduced_1 = 0; reduced_1 < params->reduced_1; reduced_1++) {
                        sum += values[reduced_1 * params->kept_2];
                    }
                }
                *output++ = (int16_t)tnf_clamp(
                    tnf_requantize(sum, params->multiplier, params->shift), INT16_MIN, INT16_MAX);
            }
        }
        input += params->reduced_0 * middle_size;
    }
}
