#pragma GCC optimize("O2")

#include "tnf_conv_mve.h"
#include "tnf_strips_mve.h"
#include "tnf_windows_mve.h"

/* How many output rows from `row` on are one run of pixels. */
static int32_t run_of_rows(const TNF_FLASH tnf_conv_2d_mve_t *params, const tnf_rows_t *input,
                           int32_t row, int32_t end)
{
    if (params->stride_height != 1 || params->stride_width != 1) {
        return 1;
    }
    return (row < input->turn && input->turn < end ? input->turn : end) - row;
}

TNF_KERNEL void tnf_pointwise_mve_rows_s8(const TNF_FLASH tnf_conv_2d_mve_t *params,
                                          const tnf_rows_t *input, int32_t first, int32_t end,
                                          int8_t *output, int8_t *scratch)
{
    const int32_t pitch = params->slices * TNF_SLICE;
    const int32_t channels = params->input_channels;
    const int32_t step = params->stride_width * channels;
    tnf_pixels_t pixels = tnf_pixels_of(params, scratch);
    pixels.output = output;
    while (first < end) {
        const int32_t rows = run_of_rows(params, input, first, end);
        const int8_t *from = tnf_row(input, first * params->stride_height);
        int32_t left = rows * params->output_width;
        first += rows;
        /* Blocks go on in the next row. */
        while (left > 0) {
            const int32_t room = params->block - pixels.count;
            const int32_t count = left < room ? left : room;
            int8_t *to = scratch + pixels.count * pitch;
            if (pitch == step) { /* no further than the last pixel's own channels */
                tnf_copy_strips(to, 0, from, 0, (count - 1) * pitch + channels, 1);
            } else {
                tnf_copy_strips(to, pitch, from, step, channels, count);
            }
            from += count * step;
            left -= count;
            pixels.count += count;
            if (pixels.count == params->block || (left == 0 && first == end)) {
                tnf_windows_s8(&pixels);
                pixels.output += pixels.count * params->output_channels;
                pixels.count = 0;
            }
        }
    }
}
