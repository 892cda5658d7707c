#include "tnf_channels.h"
#include "tnf_conv.h"
#include "tnf_lanes.h"
#include "tnf_window.h"

/* The part of a window that lies inside the input: `values` is the input's base at the window's
 * first column, `weights` the filter's values there, without its rows above. */
typedef struct patch {
    const int8_t *values;
    const TNF_FLASH int8_t *weights;
    tnf_window_rows_t rows;
    int32_t width;
    int32_t step;
    int32_t outputs;
    int32_t filter_row;
} patch_t;

/* The products of TNF_LANES channels from `channel` on; each has one filter. */
static TNF_FAST void accumulate_lanes(const patch_t *patch, int32_t input_offset, int32_t channel,
                                      int32_t sums[TNF_LANES])
{
    int32_t offset = patch->rows.offset;
    int32_t kept[TNF_LANES] = {0};
    for (int32_t y = patch->rows.window.first; y < patch->rows.window.end; y++) {
        const int8_t *values = patch->values + offset + channel;
        const TNF_FLASH int8_t *weights = patch->weights + y * patch->filter_row + channel;
        for (int32_t x = 0; x < patch->width; x++) {
            TNF_WRITE_OUT
            for (int32_t lane = 0; lane < TNF_LANES; lane++) {
                kept[lane] += (tnf_factor16_t)(values[lane] + input_offset) * weights[lane];
            }
            values += patch->step;
            weights += patch->outputs;
        }
        offset = tnf_window_below(&patch->rows, offset);
    }
    TNF_WRITE_OUT
    for (int32_t lane = 0; lane < TNF_LANES; lane++) {
        sums[lane] = kept[lane];
    }
}

/* The products of output `channel`, which reads input channel `from`. */
static inline int32_t accumulate(const patch_t *patch, int32_t input_offset, int32_t from,
                                 int32_t channel)
{
    int32_t offset = patch->rows.offset;
    int32_t sum = 0;
    for (int32_t y = patch->rows.window.first; y < patch->rows.window.end; y++) {
        const int8_t *value = patch->values + offset + from;
        const TNF_FLASH int8_t *weight = patch->weights + y * patch->filter_row + channel;
        for (int32_t x = 0; x < patch->width; x++) {
            sum += (*value + input_offset) * *weight;
            value += patch->step;
            weight += patch->outputs;
        }
        offset = tnf_window_below(&patch->rows, offset);
    }
    return sum;
}

/* The outputs of one place. Blocks of lanes may overlap: the last one ends with the last channel.
 */
static void compute(const TNF_FLASH tnf_depthwise_conv_2d_t *params, const tnf_channels_t *channels,
                    const patch_t *patch, int8_t *output)
{
    const int32_t depth = params->depth_multiplier;
    int32_t sums[TNF_LANES];
    if (depth == 1 && patch->outputs >= TNF_LANES) {
        const int32_t last = patch->outputs - TNF_LANES;
        for (int32_t start = 0; start < patch->outputs; start += TNF_LANES) {
            const int32_t channel = start < last ? start : last;
            accumulate_lanes(patch, params->input_offset, channel, sums);
            tnf_finish(channels, channel, TNF_LANES, sums, output + channel);
        }
        return;
    }
    int32_t channel = 0;
    for (int32_t from = 0; from < params->input_channels; from++) {
        for (int32_t i = 0; i < depth; i++) {
            sums[0] = accumulate(patch, params->input_offset, from, channel);
            tnf_finish(channels, channel, 1, sums, output + channel);
            channel++;
        }
    }
}

TNF_KERNEL void tnf_depthwise_conv_2d_rows_s8(const TNF_FLASH tnf_depthwise_conv_2d_t *params,
                                              const tnf_rows_t *input, int32_t first, int32_t end,
                                              int8_t *output)
{
    const tnf_channels_t scales = TNF_CHANNELS(params);
    const int32_t channels = params->input_channels;
    const int32_t outputs = channels * params->depth_multiplier;
    for (int32_t out_y = first; out_y < end; out_y++) {
        const tnf_window_rows_t rows =
            tnf_window_rows(input, out_y * params->stride_height - params->pad_top,
                            params->filter_height, params->dilation_height, params->input_height);
        for (int32_t out_x = 0; out_x < params->output_width; out_x++) {
            const int32_t origin_x = out_x * params->stride_width - params->pad_left;
            const tnf_window_t columns = tnf_window(origin_x, params->filter_width,
                                                    params->dilation_width, params->input_width);
            const int32_t x = origin_x + columns.first * params->dilation_width;
            const patch_t patch = {
                input->base + x * channels,    params->weights + columns.first * outputs, rows,
                columns.end - columns.first,   params->dilation_width * channels,         outputs,
                params->filter_width * outputs};
            compute(params, &scales, &patch, output);
            output += outputs;
        }
    }
}
