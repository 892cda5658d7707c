#include "tnf_channels.h"
#include "tnf_conv.h"
#include "tnf_dot.h"
#include "tnf_window.h"

/* The part of a window that lies inside the input. `values` is the input's base at the group's
 * first channel and the window's first column, `first` the first of `columns` filter positions.
 * Where a row of the window has no gaps it is one run of `run` values, otherwise `runs` of them lie
 * `step` apart. */
typedef struct patch {
    const int8_t *values;
    tnf_window_rows_t rows;
    int32_t first;
    int32_t runs;
    int32_t run;
    int32_t step;
} patch_t;

/* The sums of TNF_DOT_ROWS filters, or of one. */
static inline void accumulate(const TNF_FLASH tnf_conv_2d_t *params, const patch_t *patch,
                              const TNF_FLASH int8_t *weights, int32_t filter_size, int32_t filters,
                              int32_t *sums)
{
    const int32_t depth = params->filter_channels;
    int32_t offset = patch->rows.offset;
    for (int32_t y = patch->rows.window.first; y < patch->rows.window.end; y++) {
        const int8_t *values = patch->values + offset;
        const TNF_FLASH int8_t *row = weights + (y * params->filter_width + patch->first) * depth;
        for (int32_t i = 0; i < patch->runs; i++) {
            if (filters == TNF_DOT_ROWS) {
                tnf_dot_rows(values, params->input_offset, row, filter_size, patch->run, sums);
            } else {
                sums[0] = tnf_dot_row(values, params->input_offset, row, patch->run, sums[0]);
            }
            values += patch->step;
            row += depth;
        }
        offset = tnf_window_below(&patch->rows, offset);
    }
}

/* The outputs of one place, all groups. */
static void compute(const TNF_FLASH tnf_conv_2d_t *params, const tnf_channels_t *channels,
                    patch_t *patch, int32_t filter_size, int8_t *output)
{
    const TNF_FLASH int8_t *weights = params->weights;
    int32_t end = 0;
    int32_t channel = 0;
    while (channel < params->output_channels) {
        end += params->group_outputs;
        while (channel < end) {
            const int32_t filters = end - channel >= TNF_DOT_ROWS ? TNF_DOT_ROWS : 1;
            int32_t sums[TNF_DOT_ROWS] = {0};
            accumulate(params, patch, weights, filter_size, filters, sums);
            tnf_finish(channels, channel, filters, sums, output + channel);
            channel += filters;
            weights += filters * filter_size;
        }
        patch->values += params->filter_channels;
    }
}

TNF_KERNEL void tnf_conv_2d_rows_s8(const TNF_FLASH tnf_conv_2d_t *params, const tnf_rows_t *input,
                                    int32_t first, int32_t end, int8_t *output)
{
    const tnf_channels_t scales = TNF_CHANNELS(params);
    const int32_t channels = params->input_channels;
    const int32_t depth = params->filter_channels;
    const int32_t filter_size = params->filter_height * params->filter_width * depth;
    const int32_t gapless = params->dilation_width == 1 && depth == channels;
    for (int32_t out_y = first; out_y < end; out_y++) {
        const tnf_window_rows_t rows =
            tnf_window_rows(input, out_y * params->stride_height - params->pad_top,
                            params->filter_height, params->dilation_height, params->input_height);
        for (int32_t out_x = 0; out_x < params->output_width; out_x++) {
            const int32_t origin_x = out_x * params->stride_width - params->pad_left;
            const tnf_window_t columns = tnf_window(origin_x, params->filter_width,
                                                    params->dilation_width, params->input_width);
            const int32_t width = columns.end - columns.first;
            const int32_t x = origin_x + columns.first * params->dilation_width;
            patch_t patch = {input->base + x * channels,
                             rows,
                             columns.first,
                             gapless ? 1 : width,
                             gapless ? width * depth : depth,
                             params->dilation_width * channels};
            compute(params, &scales, &patch, filter_size, output);
            output += params->output_channels;
        }
    }
}
