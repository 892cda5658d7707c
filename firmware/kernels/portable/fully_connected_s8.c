#include "tnf_channels.h"
#include "tnf_conv.h"
#include "tnf_dot.h"

TNF_KERNEL void tnf_fully_connected_s8(const TNF_FLASH tnf_fully_connected_t *params,
                                       const int8_t *input, int8_t *output)
{
    const int32_t depth = params->input_depth;
    const tnf_channels_t channels = TNF_CHANNELS(params);
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
            tnf_finish(&channels, unit, together, sums, output + unit);
            unit += together;
            weights += together * depth;
        }
        input += depth;
        output += units;
    }
}
