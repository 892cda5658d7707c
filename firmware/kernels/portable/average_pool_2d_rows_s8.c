#include "tnf_division.h"
#include "tnf_lane_sums.h"
#include "tnf_pool.h"
#include "tnf_requantize.h"
#include "tnf_window.h"

/* The outputs of one place; `values` is the input's base at the window's first column. */
static void compute(const TNF_FLASH tnf_pool_2d_t *params, const int8_t *values,
                    const tnf_window_rows_t *rows, int32_t width, const tnf_division_t *division,
                    int8_t *output)
{
    const int32_t channels = params->channels;
    int32_t channel = 0;
    while (channel < channels) {
        const int32_t lanes = channels - channel >= TNF_LANES ? TNF_LANES : 1;
        int32_t sums[TNF_LANES];
        if (lanes == TNF_LANES) {
            tnf_sum_lanes(values, rows, width, channels, sums);
        } else {
            sums[0] = tnf_sum_lane(values, rows, width, channels);
        }
        for (int32_t lane = 0; lane < lanes; lane++) {
            *output++ = (int8_t)tnf_clamp(tnf_mean_by(division, sums[lane]), params->activation_min,
                                          params->activation_max);
        }
        values += lanes;
        channel += lanes;
    }
}

TNF_KERNEL void tnf_average_pool_2d_rows_s8(const TNF_FLASH tnf_pool_2d_t *params,
                                            const tnf_rows_t *input, int32_t first, int32_t end,
                                            int8_t *output)
{
    tnf_division_t division = {0, 0, 0};
    for (int32_t out_y = first; out_y < end; out_y++) {
        const tnf_window_rows_t rows =
            tnf_window_rows(input, out_y * params->stride_height - params->pad_top,
                            params->filter_height, 1, params->input_height);
        for (int32_t out_x = 0; out_x < params->output_width; out_x++) {
            const int32_t origin_x = out_x * params->stride_width - params->pad_left;
            const tnf_window_t columns =
                tnf_window(origin_x, params->filter_width, 1, params->input_width);
            const int32_t width = columns.end - columns.first;
            const int32_t count = (rows.window.end - rows.window.first) * width;
            if (count != division.count) {
                division = tnf_division(count);
            }
            compute(params, input->base + (origin_x + columns.first) * params->channels, &rows,
                    width, &division, output);
            output += params->channels;
        }
    }
}
