#include "tnf_lanes.h"
#include "tnf_pool.h"
#include "tnf_requantize.h"
#include "tnf_window.h"

/* The largest of TNF_LANES channels over a window's rows of `width` pixels, `step` apart. */
static TNF_FAST void largest_lanes(const int8_t *values, const tnf_window_rows_t *rows,
                                   int32_t width, int32_t step, tnf_value8_t largest[TNF_LANES])
{
    int32_t offset = rows->offset;
    tnf_value8_t kept[TNF_LANES];
    TNF_WRITE_OUT
    for (int32_t lane = 0; lane < TNF_LANES; lane++) {
        kept[lane] = INT8_MIN;
    }
    for (int32_t y = rows->window.first; y < rows->window.end; y++) {
        const int8_t *value = values + offset;
        for (int32_t x = 0; x < width; x++) {
            TNF_WRITE_OUT
            for (int32_t lane = 0; lane < TNF_LANES; lane++) {
                kept[lane] = value[lane] > kept[lane] ? value[lane] : kept[lane];
            }
            value += step;
        }
        offset = tnf_window_below(rows, offset);
    }
    TNF_WRITE_OUT
    for (int32_t lane = 0; lane < TNF_LANES; lane++) {
        largest[lane] = kept[lane];
    }
}

/* The largest of one channel. */
static tnf_value8_t largest_lane(const int8_t *values, const tnf_window_rows_t *rows, int32_t width,
                                 int32_t step)
{
    int32_t offset = rows->offset;
    tnf_value8_t largest = INT8_MIN;
    for (int32_t y = rows->window.first; y < rows->window.end; y++) {
        const int8_t *value = values + offset;
        for (int32_t x = 0; x < width; x++) {
            largest = *value > largest ? *value : largest;
            value += step;
        }
        offset = tnf_window_below(rows, offset);
    }
    return largest;
}

/* The outputs of one place; `values` is the input's base at the window's first column. */
static void compute(const TNF_FLASH tnf_pool_2d_t *params, const int8_t *values,
                    const tnf_window_rows_t *rows, int32_t width, int8_t *output)
{
    const int32_t channels = params->channels;
    int32_t channel = 0;
    while (channel < channels) {
        const int32_t lanes = channels - channel >= TNF_LANES ? TNF_LANES : 1;
        tnf_value8_t largest[TNF_LANES];
        if (lanes == TNF_LANES) {
            largest_lanes(values, rows, width, channels, largest);
        } else {
            largest[0] = largest_lane(values, rows, width, channels);
        }
        for (int32_t lane = 0; lane < lanes; lane++) {
            *output++ =
                (int8_t)tnf_clamp(largest[lane], params->activation_min, params->activation_max);
        }
        values += lanes;
        channel += lanes;
    }
}

TNF_KERNEL void tnf_max_pool_2d_rows_s8(const TNF_FLASH tnf_pool_2d_t *params,
                                        const tnf_rows_t *input, int32_t first, int32_t end,
                                        int8_t *output)
{
    for (int32_t out_y = first; out_y < end; out_y++) {
        const tnf_window_rows_t rows =
            tnf_window_rows(input, out_y * params->stride_height - params->pad_top,
                            params->filter_height, 1, params->input_height);
        for (int32_t out_x = 0; out_x < params->output_width; out_x++) {
            const int32_t origin_x = out_x * params->stride_width - params->pad_left;
            const tnf_window_t columns =
                tnf_window(origin_x, params->filter_width, 1, params->input_width);
            compute(params, input->base + (origin_x + columns.first) * params->channels, &rows,
                    columns.end - columns.first, output);
            output += params->channels;
        }
    }
}
