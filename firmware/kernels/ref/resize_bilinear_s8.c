#include "tnf_interpolation.h"
#include "tnf_resize.h"

/* The weighted sum has 20 fractional bits; it is rounded to the nearest, halves away from 0. */
static int8_t rounded(int32_t sum)
{
    return (int8_t)((sum + ((int32_t)1 << 19) - (sum <= 0)) >> 20);
}

TNF_KERNEL void tnf_resize_bilinear_s8(const TNF_FLASH tnf_resize_bilinear_t *params,
                                       const int8_t *input, int8_t *output)
{
    const int32_t channels = params->channels;
    const int32_t row_size = params->input_width * channels;
    for (int32_t batch = 0; batch < params->batches; batch++) {
        for (int32_t y = 0; y < params->output_height; y++) {
            const tnf_neighbours_t rows = tnf_neighbours_of(
                y * params->height_scale + params->height_offset, params->input_height);
            const int8_t *const above = input + rows.lower * row_size;
            const int8_t *const below = input + rows.upper * row_size;
            for (int32_t x = 0; x < params->output_width; x++) {
                const tnf_neighbours_t columns = tnf_neighbours_of(
                    x * params->width_scale + params->width_offset, params->input_width);
                const int32_t left = columns.lower * channels;
                const int32_t right = columns.upper * channels;
                for (int32_t c = 0; c < channels; c++) {
                    const int32_t upper = columns.lower_weight * above[left + c] +
                                          columns.upper_weight * above[right + c];
                    const int32_t lower = columns.lower_weight * below[left + c] +
                                          columns.upper_weight * below[right + c];
                    *output++ = rounded(rows.lower_weight * upper + rows.upper_weight * lower);
                }
            }
        }
        input += params->input_height * row_size;
    }
}
