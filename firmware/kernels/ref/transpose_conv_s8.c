#include <stddef.h>

#include "tnf_requantize.h"
#include "tnf_transpose_conv.h"

/* The products that meet in one output value. `last` is the last input row and column that reaches
 * it, with the filter's row and column of `phase`; each one before lies a stride further on in the
 * filter. */
static int32_t accumulate(const TNF_FLASH tnf_transpose_conv_t *params, const int8_t *image,
                          const TNF_FLASH int8_t *weights, int32_t last_y, int32_t phase_y,
                          int32_t last_x, int32_t phase_x)
{
    const int32_t depth = params->input_channels;
    int32_t sum = 0;
    for (int32_t filter_y = phase_y, y = last_y; filter_y < params->filter_height && y >= 0;
         filter_y += params->stride_height, y--) {
        for (int32_t filter_x = phase_x, x = last_x; filter_x < params->filter_width && x >= 0;
             filter_x += params->stride_width, x--) {
            if (y < params->input_height && x < params->input_width) {
                const int8_t *values = image + (y * params->input_width + x) * depth;
                const TNF_FLASH int8_t *filter =
                    weights + (filter_y * params->filter_width + filter_x) * depth;
                for (int32_t c = 0; c < depth; c++) {
                    sum += (values[c] + params->input_offset) * filter[c];
                }
            }
        }
    }
    return sum;
}

TNF_KERNEL void tnf_transpose_conv_s8(const TNF_FLASH tnf_transpose_conv_t *params,
                                      const int8_t *input, int8_t *output)
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
                    int32_t sum = accumulate(params, input, params->weights + channel * filter_size,
                                             last_y, phase_y, last_x, phase_x);
                    if (params->bias != NULL) {
                        sum += params->bias[channel];
                    }
                    const int32_t scale = channel * params->scale_step;
                    *output++ = tnf_requantize_s8(sum, params->multiplier[scale],
                                                  params->shift[scale], params->output_offset,
                                                  params->activation_min, params->activation_max);
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
