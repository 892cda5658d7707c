#include <stddef.h>

#include "tnf_conv_s16.h"
#include "tnf_dot_s16.h"
#include "tnf_requantize.h"
#include "tnf_window.h"

/* The products of one filter with the part of its window that lies inside the input. */
static int64_t accumulate(const TNF_FLASH tnf_conv_2d_s16_t *params, const tnf_int16_t *image,
                          const TNF_FLASH int8_t *weights, int32_t origin_y, int32_t origin_x,
                          tnf_window_t rows, tnf_window_t columns)
{
    const int32_t depth = params->filter_channels;
    int64_t sum = 0;
    for (int32_t filter_y = rows.first; filter_y < rows.end; filter_y++) {
        const int32_t y = origin_y + filter_y * params->dilation_height;
        for (int32_t filter_x = columns.first; filter_x < columns.end; filter_x++) {
            const int32_t x = origin_x + filter_x * params->dilation_width;
            sum +=
                tnf_dot_s16(image + (y * params->input_width + x) * params->input_channels,
                            weights + (filter_y * params->filter_width + filter_x) * depth, depth);
        }
    }
    return sum;
}

TNF_KERNEL void tnf_conv_2d_s16(const TNF_FLASH tnf_conv_2d_s16_t *params, const tnf_int16_t *input,
                                tnf_int16_t *output)
{
    const int32_t filter_size =
        params->filter_height * params->filter_width * params->filter_channels;
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
                const tnf_int16_t *group = input;
                const TNF_FLASH int8_t *weights = params->weights;
                int32_t left_in_group = params->group_outputs;
                for (int32_t channel = 0; channel < params->output_channels; channel++) {
                    int64_t sum =
                        accumulate(params, group, weights, origin_y, origin_x, rows, columns);
                    if (params->bias != NULL) {
                        sum += params->bias[channel];
                    }
                    const int32_t scale = channel * params->scale_step;
                    *output++ = tnf_requantize_s16(sum, params->wide, params->multiplier[scale],
                                                   params->shift[scale], params->activation_min,
                                                   params->activation_max);
                    weights += filter_size;
                    if (--left_in_group == 0) {
                        group += params->filter_channels;
                        left_in_group = params->group_outputs;
                    }
                }
            }
        }
        input += image_size;
    }
}
