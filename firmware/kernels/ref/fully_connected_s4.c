#include <stddef.h>

#include "tnf_conv.h"
#include "tnf_dot_s4.h"
#include "tnf_requantize.h"

TNF_KERNEL void tnf_fully_connected_s4(const TNF_FLASH tnf_fully_connected_t *params,
                                       const int8_t *input, int8_t *output)
{
    const int32_t depth = params->input_depth;
    for (int32_t row = 0; row < params->rows; row++) {
        for (int32_t unit = 0; unit < params->output_depth; unit++) {
            int32_t sum = params->bias != NULL ? params->bias[unit] : 0;
            sum += tnf_dot_s4(input, params->input_offset, params->weights, unit * depth, depth);
            const int32_t scale = unit * params->scale_step;
            *output++ = tnf_requantize_s8(sum, params->multiplier[scale], params->shift[scale],
                                          params->output_offset, params->activation_min,
                                          params->activation_max);
        }
        input += depth;
    }
}
