#include "tnf_conv_mac16.h"
#include "tnf_mac16_fill.h"

/* An input row as windows read it: with its padding, or nothing else. `columns` is its width. */
static void expand_row(const TNF_FLASH tnf_conv_2d_mac16_t *params, const tnf_rows_t *input,
                       int32_t y, tnf_int16_t *to, int32_t columns)
{
    const int32_t channels = params->input_channels;
    const int32_t before = params->pad_left;
    int32_t inside = columns - before;
    if (y < 0 || y >= params->input_height) {
        tnf_mac16_fill_pairs(to, columns * channels, params->padding);
        return;
    }
    inside = inside < params->input_width ? inside : params->input_width;
    tnf_mac16_fill_pairs(to, before * channels, params->padding);
    tnf_mac16_expand(tnf_row(input, y), to + before * channels, inside * channels / 4);
    inside += before;
    tnf_mac16_fill_pairs(to + inside * channels, (columns - inside) * channels, params->padding);
}

TNF_KERNEL void tnf_conv_2d_windows_rows_s8(const TNF_FLASH tnf_conv_2d_mac16_t *params,
                                            const tnf_rows_t *input, int32_t first, int32_t end,
                                            int8_t *output, int8_t *scratch)
{
    const int32_t channels = params->input_channels;
    const int32_t height = params->filter_height;
    const int32_t window_quads = height * params->quads;
    const int32_t columns =
        (params->output_width - 1) * params->stride_width + params->filter_width;
    const int32_t row_values = columns * channels;
    const int32_t segment_values = 4 * params->quads;
    tnf_int16_t *weights = (tnf_int16_t *)(void *)scratch;
    tnf_int16_t *values = weights + 4 * window_quads;
    tnf_mac16_run_t run = {0};
    run.values = values;
    run.weights = weights;
    run.pixels = params->output_width;
    run.output_step = params->output_channels;
    run.quads = params->quads;
    run.low = params->activation_min;
    run.high = params->activation_max;
    run.segments = height;
    run.segment_step = 2 * (row_values - segment_values);
    run.pixel_step =
        2 * (params->stride_width * channels - (height - 1) * row_values - segment_values);
    run.row_step = 2 * params->stride_height * row_values;
    int32_t kept_from = 0; /* the input rows that are expanded: from the first one in `values` */
    int32_t kept_end = first * params->stride_height - params->pad_top;
    while (first < end) {
        const int32_t rows = end - first < params->band ? end - first : params->band;
        const int32_t top = first * params->stride_height - params->pad_top;
        const int32_t bottom = top + (rows - 1) * params->stride_height + height;
        if (kept_end > top) {
            tnf_mac16_move_pairs(values, values + (top - kept_from) * row_values,
                                 (kept_end - top) * row_values);
        } else {
            kept_end = top;
        }
        for (kept_from = top; kept_end < bottom; kept_end++) {
            expand_row(params, input, kept_end, values + (kept_end - top) * row_values, columns);
        }
        const TNF_FLASH int32_t *packed = params->weights;
        run.channel = params->channels;
        run.output = output;
        run.rows = rows;
        for (int32_t channel = params->output_channels; channel > 0; channel--) {
            tnf_mac16_unpack(packed, weights, window_quads);
            tnf_mac16_windows(&run);
            packed += window_quads;
            run.channel++;
            run.output++;
        }
        output += rows * params->output_width * params->output_channels;
        first += rows;
    }
}
