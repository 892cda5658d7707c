#include <string.h>

#include "tnf_blocks_armv7em.h"
#include "tnf_conv_armv7em.h"

#define GROUP 4

static void clamp(int8_t *values, int32_t count, int32_t low, int32_t high)
{
    for (int32_t i = 0; i < count; i++) {
        const int32_t raised = values[i] < low ? low : values[i];
        values[i] = (int8_t)(raised > high ? high : raised);
    }
}

/* One row of outputs from its words. Where their number is no multiple of 4, the first group's are
 * followed by groups that begin fewer than 4 after it: some are computed twice. */
static void compute(const TNF_FLASH tnf_fully_connected_dsp_t *params,
                    tnf_fully_connected_block_t block, int32_t steps, int8_t *output)
{
    const int32_t outputs = params->output_depth;
    const int32_t group_words = GROUP + 8 * steps;
    const TNF_FLASH int32_t *stream = params->stream;
    int32_t left = outputs / GROUP;
    if (outputs % GROUP != 0) {
        int8_t values[GROUP];
        block.stop = stream + group_words;
        tnf_fully_connected_block_dsp(&block, stream, values);
        memcpy(output, values, outputs < GROUP ? (size_t)outputs : GROUP);
        output += outputs % GROUP;
        stream = block.stop;
        block.scales += params->scale_bytes / (int32_t)sizeof *block.scales;
    }
    if (left > 0) {
        block.stop = stream + left * group_words;
        tnf_fully_connected_block_dsp(&block, stream, output);
    }
}

TNF_KERNEL void tnf_fully_connected_dsp_s8(const TNF_FLASH tnf_fully_connected_dsp_t *params,
                                           const int8_t *input, int8_t *output, int8_t *scratch)
{
    /* The row's halves are expanded side by side; they share what the depth lacks. */
    const int32_t depth = params->input_depth;
    const int32_t half = depth < 8 ? (depth + 1) / 2 : (depth + 7) / 8 * 4;
    const tnf_expand_dsp_t expand = {half, 1, 0, 0};
    const int32_t steps = (tnf_expand_words(half, 1) + 1) / 2;
    tnf_int32_t *words = (tnf_int32_t *)(void *)scratch;
    const tnf_fully_connected_block_t block = {
        words,
        -steps & (TNF_FULLY_CONNECTED_STEPS - 1),
        words + 4 * steps,
        params->general,
        params->stream,
        params->scales,
        params->scale_bytes == 0 ? (params->general != 0 ? 48 : 32) : 0,
        params->exponent,
    };
    for (int32_t row = 0; row < params->rows; row++) {
        (void)tnf_expand_pair_dsp(words, input, input + depth - half, &expand);
        compute(params, block, steps, output);
        if (params->general != 0 &&
            (params->activation_min > -128 || params->activation_max < 127)) {
            clamp(output, params->output_depth, params->activation_min, params->activation_max);
        }
        input += depth;
        output += params->output_depth;
    }
}
