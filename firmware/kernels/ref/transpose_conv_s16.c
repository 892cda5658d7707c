#include <stddef.h>

#include "tnf_dot_s16.h"
#include "tnf_requantize.h"
#include "tnf_transpose_conv.h"

/* As in transpose_conv_s8.c. */
static int64_t accumulate(const TNF_FLASH tnf_transpose_conv_s16_t *params,
                          const tnf_int16_t *image, const TNF_FLASH int8_t *weights, int32_t last_y,
                          int32_t phase_y, int32_t last_x, int32_t phase_x)
{
    const int32_t depth = params->input_channels;
    int64_t sum = 0;
    for (int32_t filter_y = phase_y, y = last_y; filter_y < params->filter_height && y >= 0;
         filter_y += params->stride_height, y--) {
        for (int32_t filter_x = phase_x, x = last_x; filter_x < params->filter_width && x >= 0;
             filter_x += params->stride_width, x--) {
            if (y < params->input_height && x < params->input_width) {
                sum += tnf_dot_s16(image + (y * params->input_width + x) * depth,
                                   weights + (filter_y * params->filter_width + filter_x) * depth,
                                   depth);
            }
        }
    }
    return sum;
}

TNF_KERNEL void tnf_transpose_conv_s16(const TNF_FLASH tnf_transpose_conv_s16_t *params,
                                       const tnf_int16_t *input, tnf_int16_t *output)
{
    const int32_t filter_size =
        params->filter_height * params->filter_width * params->input_channels;
    const int32_t image_size = params->input_height * params->input_width * params->input_channels;
    for (int32_t batch = 0; batch < params->batches; batch++) {
        int32_t last_y = params->last_row;
        int32_t phase_y = params->phase_row;
        for (int32_t out_y = 0; out_y < params->output_height; out_y++) {
            int32_t last_x = params->last_column;
            int32_t phase_x = params->phase_column;
            for (int32_t out_x = 0; out_x < params->output_width; out_x++) {
                for (int32_t channel = 0; channel < params->output_channels; channel++) {
                    int64_t sum = accumulate(params, input, params->weights + channel * filter_size,
                                             last_y, phase_y, last_x, phase_x);
                    if (params->bias != NULL) {
                        sum += params->bias[channel];
                    }
                    const int32_t scale = channel * params->scale_step;
                    *output++ = tnf_requantize_s16(sum, params->wide, params->multiplier[scale],
                                                   params->shift[scale], params->activation_min,
                                                   params->activation_max);
                }
                if (++phase_x == params->stride_width) {
                    phase_x = 0;
                    last_x++;
                }
            }
            if (++phase_y == params->stride_height) {
                phase_y = 0;
                last_y++;
            }
        }
        input += image_size;
    }
}
