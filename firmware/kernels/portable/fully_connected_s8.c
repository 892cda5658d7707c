#include <stddef.h>

#include "tnf_conv.h"
#include "tnf_dot.h"
#include "tnf_requantize.h"

static inline int8_t finish(const TNF_FLASH tnf_fully_connected_t *params, int32_t unit,
                            int32_t sum)
{
    const int32_t bias = params->bias != NULL ? params->bias[unit] : 0;
    const int32_t scale = unit * params->scale_step;
    return tnf_requantize_s8(sum + bias, params->multiplier[scale], params->shift[scale],
                             params->output_offset, params->activation_min, params->activation_max);
}

TNF_KERNEL void tnf_fully_connected_s8(const TNF_FLASH tnf_fully_connected_t *params,
                                       const int8_t *input, int8_t *output)
{
    const int32_t depth = params->input_depth;
    const int32_t units = params->output_depth;
    for (int32_t row = 0; row < params->rows; row++) {
        const TNF_FLASH int8_t *weights = params->weights;
        int32_t unit = 0;
        while (unit < units) {
            const int32_t together = units - unit >= TNF_DOT_ROWS ? TNF_DOT_ROWS : 1;
            int32_t sums[TNF_DOT_ROWS] = {0};
            if (together == TNF_DOT_ROWS) {
                tnf_dot_rows(input, params->input_offset, weights, depth, depth, sums);
            } else {
                sums[0] = tnf_dot_row(input, params->input_offset, weights, depth, 0);
            }
            for (int32_t i = 0; i < together; i++) {
                *output++ = finish(params, unit++, sums[i]);
            }
            weights += together * depth;
        }
        input += depth;
    }
}
