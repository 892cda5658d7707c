#include <stddef.h>

#include "tnf_conv.h"
#include "tnf_dot_s4.h"
#include "tnf_requantize.h"
#include "tnf_window.h"

/* The products of one output channel's filter; `values` is at its input channel. */
static int32_t accumulate(const TNF_FLASH tnf_depthwise_conv_2d_t *params, const int8_t *values,
                          int32_t channel, int32_t origin_y, int32_t origin_x, tnf_window_t rows,
                          tnf_window_t columns)
{
    const int32_t outputs = params->input_channels * params->depth_multiplier;
    int32_t sum = 0;
    for (int32_t filter_y = rows.first; filter_y < rows.end; filter_y++) {
        const int32_t y = origin_y + filter_y * params->dilation_height;
        for (int32_t filter_x = columns.first; filter_x < columns.end; filter_x++) {
            const int32_t x = origin_x + filter_x * params->dilation_width;
            const int32_t value = values[(y * params->input_width + x) * params->input_channels];
            const int32_t place = (filter_y * params->filter_width + filter_x) * outputs + channel;
            sum += (value + params->input_offset) * tnf_weight_s4(params->weights, place);
        }
    }
    return sum;
}

TNF_KERNEL void tnf_depthwise_conv_2d_s4(const TNF_FLASH tnf_depthwise_conv_2d_t *params,
                                         const int8_t *input, int8_t *output)
{
    const int32_t image_size = params->input_height * params->input_width * params->input_channels;
    for (int32_t batch = 0; batch < params->batches; batch++) {
        for (int32_t out_y = 0; out_y < params->output_height; out_y++) {
            const int32_t origin_y = out_y * params->stride_height - params->pad_top;
            const tnf_window_t rows = tnf_window(origin_y, params->filter_height,
                                                 params->dilation_height, params->input_height);
            for (int32_t out_x = 0; out_x < params->output_width; out_x++) {
                const int32_t origin_x = out_x * params->stride_width - params->pad_left;
                const tnf_window_t columns = tnf_window(
                    origin_x, params->filter_width, params->dilation_width, params->input_width);
                int32_t channel = 0;
                for (int32_t in_c = 0; in_c < params->input_channels; in_c++) {
                    for (int32_t m = 0; m < params->depth_multiplier; m++, channel++) {
                        int32_t sum = accumulate(params, input + in_c, channel, origin_y, origin_x,
                                                 rows, columns);
                        if (params->bias != NULL) {
                            sum += params->bias[channel];
                        }
                        const int32_t scale = channel * params->scale_step;
                        *output++ = tnf_requantize_s8(
                            sum, params->multiplier[scale], params->shift[scale],
                            params->output_offset, params->activation_min, params->activation_max);
                    }
                }
            }
        }
        input += image_size;
    }
}
