#include "tnf_mean.h"
#include "tnf_pool.h"
#include "tnf_requantize.h"
#include "tnf_window.h"

#define QUOTIENT_BITS 8 /* a mean of int8 values is at most 128 in size */

TNF_KERNEL void tnf_average_pool_2d_rows_s8(const TNF_FLASH tnf_pool_2d_t *params,
                                            const tnf_rows_t *input, int32_t first, int32_t end,
                                            int8_t *output)
{
    const int32_t channels = params->channels;
    for (int32_t out_y = first; out_y < end; out_y++) {
        const tnf_window_rows_t rows =
            tnf_window_rows(input, out_y * params->stride_height - params->pad_top,
                            params->filter_height, 1, params->input_height);
        for (int32_t out_x = 0; out_x < params->output_width; out_x++) {
            const int32_t origin_x = out_x * params->stride_width - params->pad_left;
            const tnf_window_t columns =
                tnf_window(origin_x, params->filter_width, 1, params->input_width);
            const int8_t *values = input->base + (origin_x + columns.first) * channels;
            const int32_t width = columns.end - columns.first;
            const int32_t count = (rows.window.end - rows.window.first) * width;
            for (int32_t c = 0; c < channels; c++) {
                int32_t offset = rows.offset + c;
                int32_t sum = 0;
                for (int32_t y = rows.window.first; y < rows.window.end; y++) {
                    const int8_t *value = values + offset;
                    for (int32_t x = 0; x < width; x++) {
                        sum += *value;
                        value += channels;
                    }
                    offset = tnf_window_below(&rows, offset);
                }
                *output++ = (int8_t)tnf_clamp(tnf_mean(sum, count, QUOTIENT_BITS),
                                              params->activation_min, params->activation_max);
            }
        }
    }
}
