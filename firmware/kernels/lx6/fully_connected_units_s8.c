#include <string.h>

#include "tnf_conv_mac16.h"

#define MOST_QUADS 256 /* of tnf_mac16_prepare */

/* A row of `depth` values, prepared. Returns what the units' biases need to know of it. */
static int32_t prepare(const int8_t *input, int32_t depth, tnf_int16_t *values)
{
    int32_t sum = 0;
    while (depth > 0) {
        int32_t quads = depth >> 2;
        if (quads > 0 && ((uintptr_t)input & 3u) == 0) {
            quads = quads < MOST_QUADS ? quads : MOST_QUADS;
            sum += tnf_mac16_prepare(input, values, quads);
        } else {
            int32_t word = 0; /* the weights of what is not there are 0 */
            memcpy(&word, input, (size_t)(depth < 4 ? depth : 4));
            sum += tnf_mac16_prepare((const int8_t *)&word, values, 1);
            quads = 1;
        }
        input += 4 * quads;
        values += 4 * quads;
        depth -= 4 * quads;
    }
    return sum;
}

TNF_KERNEL void tnf_fully_connected_units_s8(const TNF_FLASH tnf_fully_connected_mac16_t *params,
                                             const int8_t *input, int8_t *output, int8_t *scratch)
{
    const int32_t quads = params->quads;
    tnf_int16_t *values = (tnf_int16_t *)(void *)scratch;
    tnf_mac16_units_t units = {0};
    units.values = values;
    units.weights = params->weights;
    units.channel = params->channels;
    units.units = params->output_depth;
    units.quads = quads;
    units.low = params->activation_min;
    units.high = params->activation_max;
    for (int32_t row = 0; row < params->rows; row++) {
        const int32_t sum = prepare(input, params->input_depth, values);
        units.bias = (int32_t)(0u - ((uint32_t)sum << 15)); /* it wraps, a unit's sum does not */
        memcpy(values + 4 * quads, values, 8);
        units.output = output;
        tnf_mac16_units(&units);
        input += params->input_depth;
        output += params->output_depth;
    }
}
