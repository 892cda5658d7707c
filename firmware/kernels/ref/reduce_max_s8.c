#include "tnf_reduce.h"

TNF_KERNEL void tnf_reduce_max_s8(const TNF_FLASH tnf_reduce_max_t *params, const int8_t *input,
                                  int8_t *output)
{
    const int32_t inner_size = params->reduced_1 * params->kept_2;
    const int32_t middle_size = params->kept_1 * inner_size;
    for (int32_t kept_0 = 0; kept_0 < params->kept_0; kept_0++) {
        for (int32_t kept_1 = 0; kept_1 < params->kept_1; kept_1++) {
            for (int32_t kept_2 = 0; kept_2 < params->kept_2; kept_2++) {
                int32_t largest = INT32_MIN;
                for (int32_t reduced_0 = 0; reduced_0 < params->reduced_0; reduced_0++) {
                    const int8_t *values =
                        input + reduced_0 * middle_size + kept_1 * inner_size + kept_2;
                    for (int32_t reduced_1 = 0; reduced_1 < params->reduced_1; reduced_1++) {
                        const int32_t value = values[reduced_1 * params->kept_2] * params->sign;
                        largest = value > largest ? value : largest;
                    }
                }
                *output++ = (int8_t)(largest * params->sign);
            }
        }
        input += params->reduced_0 * middle_size;
    }
}
