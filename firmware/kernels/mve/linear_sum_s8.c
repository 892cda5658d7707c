#include "tnf_linear_lanes_mve.h"
#include "tnf_linear_sum.h"

TNF_KERNEL void tnf_linear_sum_s8(const TNF_FLASH tnf_linear_sum_t *params, const int8_t *input1,
                                  const int8_t *input2, int8_t *output)
{
    const tnf_linear_lanes_t form = {
        params->elements,
        params->input1_multiplier,
        params->input2_multiplier,
        params->constant,
        -params->shift,
        params->away,
        params->halves,
        params->activation_min,
        params->activation_max,
    };
    tnf_linear_lanes_s8(&form, input1, input2, output);
}
