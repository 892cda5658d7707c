#include "tnf_conv_mac16.h"
#include "tnf_mac16_fill.h"

#define FILTER 3

/* Where a band's values lie in a plane: bytes from one row to the next and from one column to the
 * next. */
typedef struct geometry {
    int32_t top; /* the input row of the first */
    int32_t rows;
    int32_t columns;
    int32_t row_step;
    int32_t column_step;
    int32_t plane;
} geometry_t;

/* Some pixels of the channels from `channel` on: four into two planes, or two into one. */
static void lay_out_pixels(const TNF_FLASH tnf_depthwise_mac16_t *params, const int8_t *from,
                           tnf_int16_t *to, int32_t pixels, int32_t input_step, int32_t output_step,
                           int32_t channel, int32_t plane)
{
    if ((params->input_channels & 3) == 0) {
        tnf_mac16_columns(from, to, pixels, input_step, output_step, plane);
    } else {
        const int32_t second = channel + 1 < params->input_channels ? 1 : 0;
        tnf_mac16_pairs(from, to, pixels, input_step, output_step, second);
    }
}

/* All pixels of a band that are inside the input. */
static void lay_out(const TNF_FLASH tnf_depthwise_mac16_t *params, const tnf_rows_t *input,
                    const geometry_t *band, int32_t channel, tnf_int16_t *values)
{
    const int32_t channels = params->input_channels;
    const int32_t before = params->pad_left;
    int32_t y = band->top < 0 ? 0 : band->top;
    int32_t end = band->top + band->rows;
    int32_t width = band->columns - before;
    end = end < params->input_height ? end : params->input_height;
    width = width < params->input_width ? width : params->input_width;
    tnf_int16_t *to = values + ((y - band->top) * band->row_step + before * band->column_step) / 2;
    if (y >= end) {
        return;
    }
    if (input->turn == 0 && params->upright != 0) { /* all rows at the same distance */
        const int8_t *from = tnf_row(input, y) + channel;
        for (int32_t x = 0; x < width; x++) {
            lay_out_pixels(params, from, to, end - y, input->row_bytes, band->row_step, channel,
                           band->plane);
            from += channels;
            to += band->column_step / 2;
        }
        return;
    }
    for (; y < end; y++) {
        lay_out_pixels(params, tnf_row(input, y) + channel, to, width, channels, band->column_step,
                       channel, band->plane);
        to += band->row_step / 2;
    }
}

TNF_KERNEL void tnf_depthwise_lines_rows_s8(const TNF_FLASH tnf_depthwise_mac16_t *params,
                                            const tnf_rows_t *input, int32_t first, int32_t end,
                                            int8_t *output, int8_t *scratch)
{
    const int32_t channels = params->input_channels;
    const int32_t width = params->output_width;
    const int32_t at_once = (channels & 3) == 0 ? 4 : 2;
    const TNF_FLASH tnf_mac16_filter_t *filters = params->filters;
    tnf_int16_t *values = (tnf_int16_t *)(void *)scratch;
    tnf_mac16_lines_t lines = {0};
    lines.low = params->activation_min;
    lines.high = params->activation_max;
    while (first < end) {
        const int32_t rows = end - first < params->band ? end - first : params->band;
        geometry_t band;
        band.top = first * params->stride_height - params->pad_top;
        band.rows = (rows - 1) * params->stride_height + FILTER;
        band.columns = (width - 1) * params->stride_width + FILTER;
        band.row_step = params->upright != 0 ? 4 : 4 * band.columns;
        band.column_step = params->upright != 0 ? 4 * band.rows : 4;
        band.plane = 4 * band.rows * band.columns;
        if (params->upright != 0) {
            lines.pixels = rows;
            lines.lines = width;
            lines.line_step = band.column_step;
            lines.next_line = params->stride_width * band.column_step;
            lines.step = 4 * params->stride_height - 4 * FILTER;
            lines.output_step = width * channels;
            lines.output_line = channels;
        } else {
            lines.pixels = width;
            lines.lines = rows;
            lines.line_step = band.row_step;
            lines.next_line = params->stride_height * band.row_step;
            lines.step = 4 * params->stride_width - 4 * FILTER;
            lines.output_step = channels;
            lines.output_line = width * channels;
        }
        tnf_mac16_fill_pairs(values, at_once / 2 * band.plane / 2, params->padding);
        lines.filter = filters;
        lines.output = output;
        for (int32_t channel = 0; channel < channels; channel += at_once) {
            lay_out(params, input, &band, channel, values);
            for (int32_t i = 0; i < at_once && channel + i < channels; i++) {
                /* Of four the first and the third are in the first plane. */
                const int32_t second = at_once == 4 ? i & 1 : 0;
                lines.half = at_once == 4 ? i >> 1 : i;
                lines.values = values + second * (band.plane / 2);
                tnf_mac16_lines(&lines);
                lines.filter++;
                lines.output++;
            }
        }
        output += rows * width * channels;
        first += rows;
    }
}
