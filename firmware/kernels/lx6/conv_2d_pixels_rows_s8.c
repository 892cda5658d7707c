#include "tnf_conv_mac16.h"
#include "tnf_mac16_fill.h"
#include "tnf_window.h"

#define LONGEST_GATHER 16

/* Values of some pixels, any number of each. */
static void gather(const int8_t *from, tnf_int16_t *to, int32_t values, int32_t pixels,
                   int32_t input_step, int32_t output_step)
{
    while (values > 0) {
        const int32_t some = values < LONGEST_GATHER ? values : LONGEST_GATHER;
        tnf_mac16_gather(from, to, some, pixels, input_step, output_step);
        from += some;
        to += some;
        values -= some;
    }
}

/* One row of the windows of an output row, without what is padding. `row` is the input's. */
static void gather_row(const TNF_FLASH tnf_conv_2d_mac16_t *params, const int8_t *row,
                       tnf_int16_t *to)
{
    const int32_t channels = params->input_channels;
    const int32_t stride = params->stride_width;
    const int32_t pixel_values = 4 * params->quads;
    int32_t x = 0;
    while (x < params->output_width) {
        const int32_t origin = x * stride - params->pad_left;
        const tnf_window_t columns =
            tnf_window(origin, params->filter_width, 1, params->input_width);
        const int32_t width = columns.end - columns.first;
        int32_t pixels = 1;
        if (width == params->filter_width) { /* and so have those after it */
            int32_t last = origin + stride;
            while (x + pixels < params->output_width && last + width <= params->input_width) {
                last += stride;
                pixels++;
            }
        }
        gather(row + (origin + columns.first) * channels, to + columns.first * channels,
               width * channels, pixels, stride * channels, 2 * pixel_values);
        to += pixels * pixel_values;
        x += pixels;
    }
}

/* Fills the pixels of an output row whose windows hang over the border with padding. */
static void pad_row(const TNF_FLASH tnf_conv_2d_mac16_t *params, int32_t top, tnf_int16_t *to)
{
    const int32_t pixel_values = 4 * params->quads;
    if (top < 0 || top + params->filter_height > params->input_height) {
        tnf_mac16_fill_pairs(to, params->output_width * pixel_values, params->padding);
        return;
    }
    const int32_t last = params->input_width - params->filter_width;
    int32_t origin = -params->pad_left;
    for (int32_t x = 0; x < params->output_width; x++) {
        if (origin < 0 || origin > last) {
            tnf_mac16_fill_pairs(to, pixel_values, params->padding);
        }
        to += pixel_values;
        origin += params->stride_width;
    }
}

/* What the pixels of output row `y` are computed from. */
static void lay_out(const TNF_FLASH tnf_conv_2d_mac16_t *params, const tnf_rows_t *input, int32_t y,
                    tnf_int16_t *to)
{
    const int32_t quads = params->quads;
    const int32_t top = y * params->stride_height - params->pad_top;
    if (params->crossed != 0) {
        const int8_t *row = tnf_row(input, top);
        if (params->stride_width == 1) {
            tnf_mac16_expand(row, to, params->output_width * quads);
            return;
        }
        for (int32_t x = 0; x < params->output_width; x++) {
            tnf_mac16_expand(row, to, quads);
            row += params->stride_width * params->input_channels;
            to += 4 * quads;
        }
        return;
    }
    const int32_t width = params->filter_width * params->input_channels;
    pad_row(params, top, to);
    for (int32_t filter_y = 0; filter_y < params->filter_height; filter_y++) {
        const int32_t row = top + filter_y;
        if (row >= 0 && row < params->input_height) {
            gather_row(params, tnf_row(input, row), to + filter_y * width);
        }
    }
}

TNF_KERNEL void tnf_conv_2d_pixels_rows_s8(const TNF_FLASH tnf_conv_2d_mac16_t *params,
                                           const tnf_rows_t *input, int32_t first, int32_t end,
                                           int8_t *output, int8_t *scratch)
{
    const int32_t quads = params->quads;
    const int32_t width = params->output_width;
    tnf_int16_t *weights = (tnf_int16_t *)(void *)scratch;
    tnf_int16_t *values = weights + 4 * quads;
    tnf_mac16_run_t run = {0};
    run.values = values;
    run.weights = weights;
    run.output_step = params->output_channels;
    run.quads = quads;
    run.low = params->activation_min;
    run.high = params->activation_max;
    while (first < end) {
        const int32_t rows = end - first < params->band ? end - first : params->band;
        run.pixels = rows * width;
        for (int32_t row = 0; row < rows; row++) {
            lay_out(params, input, first + row, values + row * width * 4 * quads);
        }
        const TNF_FLASH int32_t *packed = params->weights;
        run.channel = params->channels;
        run.output = output;
        for (int32_t channel = params->output_channels; channel > 0; channel--) {
            tnf_mac16_unpack(packed, weights, quads);
            tnf_mac16_pixels(&run);
            packed += quads;
            run.channel++;
            run.output++;
        }
        output += run.pixels * params->output_channels;
        first += rows;
    }
}
