#include <stddef.h>

#include "tnf_conv_s16.h"
#include "tnf_dot_s16.h"
#include "tnf_requantize.h"

TNF_KERNEL void tnf_fully_connected_s16(const TNF_FLASH tnf_fully_connected_s16_t *params,
                                        const tnf_int16_t *input, tnf_int16_t *output)
{
    const int32_t depth = params->input_depth;
    for (int32_t row = 0; row < params->rows; row++) {
        const TNF_FLASH int8_t *weights = params->weights;
        for (int32_t unit = 0; unit < params->output_depth; unit++) {
            int64_t sum = tnf_dot_s16(input, weights, depth);
            if (params->bias != NULL) {
                sum += params->bias[unit];
            }
            const int32_t scale = unit * params->scale_step;
            *output++ = tnf_requantize_s16(sum, params->wide, params->multiplier[scale],
                                           params->shift[scale], params->activation_min,
                                           params->activation_max);
            weights += depth;
        }
        input += depth;
    }
}
