#include <stddef.h>

#include "tnf_conv_s16.h"
#include "tnf_requantize.h"
#include "tnf_window.h"

/* The products of one channel's filter; `weights` are at that channel. `values` is the input's base
 * at its input channel and the window's first column, `offset` where the window's first row lies.
 */
static int64_t accumulate(const TNF_FLASH tnf_depthwise_conv_2d_s16_t *params, const int8_t *values,
                          const TNF_FLASH int8_t *weights, const tnf_window_rows_t *rows,
                          tnf_window_t columns)
{
    const int32_t outputs = params->input_channels * params->depth_multiplier;
    const int32_t step = params->dilation_width * params->input_channels;
    int32_t offset = rows->offset;
    int64_t sum = 0;
    for (int32_t filter_y = rows->window.first; filter_y < rows->window.end; filter_y++) {
        const tnf_int16_t *value = (const tnf_int16_t *)(const void *)(values + offset);
        const TNF_FLASH int8_t *weight =
            weights + (filter_y * params->filter_width + columns.first) * outputs;
        for (int32_t filter_x = columns.first; filter_x < columns.end; filter_x++) {
            sum += *value * (int32_t)*weight;
            value += step;
            weight += outputs;
        }
        offset = tnf_window_below(rows, offset);
    }
    return sum;
}

TNF_KERNEL void tnf_depthwise_conv_2d_rows_s16(const TNF_FLASH tnf_depthwise_conv_2d_s16_t *params,
                                               const tnf_rows_t *input, int32_t first, int32_t end,
                                               int8_t *output)
{
    tnf_int16_t *made = (tnf_int16_t *)(void *)output;
    const int32_t bytes = (int32_t)sizeof(tnf_int16_t);
    for (int32_t out_y = first; out_y < end; out_y++) {
        const tnf_window_rows_t rows =
            tnf_window_rows(input, out_y * params->stride_height - params->pad_top,
                            params->filter_height, params->dilation_height, params->input_height);
        for (int32_t out_x = 0; out_x < params->output_width; out_x++) {
            const int32_t origin_x = out_x * params->stride_width - params->pad_left;
            const tnf_window_t columns = tnf_window(origin_x, params->filter_width,
                                                    params->dilation_width, params->input_width);
            const int32_t x = origin_x + columns.first * params->dilation_width;
            const int8_t *values = input->base + x * params->input_channels * bytes;
            int32_t channel = 0;
            for (int32_t in_c = 0; in_c < params->input_channels; in_c++) {
                for (int32_t m = 0; m < params->depth_multiplier; m++, channel++) {
                    int64_t sum = accumulate(params, values + in_c * bytes,
                                             params->weights + channel, &rows, columns);
                    if (params->bias != NULL) {
                        sum += params->bias[channel];
                    }
                    const int32_t scale = channel * params->scale_step;
                    *made++ =
                        tnf_requantize_s16(sum, 1, params->multiplier[scale], params->shift[scale],
                                           params->activation_min, params->activation_max);
                }
            }
        }
    }
}
