#include "tnf_mean.h"
#include "tnf_pool.h"
#include "tnf_requantize.h"
#include "tnf_window.h"

#define QUOTIENT_BITS 16 /* a mean of int16 values is at most 32768 in size */

TNF_KERNEL void tnf_average_pool_2d_s16(const TNF_FLASH tnf_pool_2d_t *params,
                                        const tnf_int16_t *input, tnf_int16_t *output)
{
    const int32_t channels = params->channels;
    const int32_t row_size = params->input_width * channels;
    for (int32_t batch = 0; batch < params->batches; batch++) {
        for (int32_t out_y = 0; out_y < params->output_height; out_y++) {
            const int32_t origin_y = out_y * params->stride_height - params->pad_top;
            const tnf_window_t rows =
                tnf_window(origin_y, params->filter_height, 1, params->input_height);
            for (int32_t out_x = 0; out_x < params->output_width; out_x++) {
                const int32_t origin_x = out_x * params->stride_width - params->pad_left;
                const tnf_window_t columns =
                    tnf_window(origin_x, params->filter_width, 1, params->input_width);
                const int32_t count = (rows.end - rows.first) * (columns.end - columns.first);
                for (int32_t c = 0; c < channels; c++) {
                    int32_t sum = 0;
                    for (int32_t y = origin_y + rows.first; y < origin_y + rows.end; y++) {
                        const tnf_int16_t *row = input + y * row_size + c;
                        for (int32_t x = origin_x + columns.first; x < origin_x + columns.end;
                             x++) {
                            sum += row[x * channels];
                        }
                    }
                    *output++ = (int16_t)tnf_clamp(tnf_mean(sum, count, QUOTIENT_BITS),
                                                   params->activation_min, params->activation_max);
                }
            }
        }
        input += params->input_height * row_size;
    }
}
