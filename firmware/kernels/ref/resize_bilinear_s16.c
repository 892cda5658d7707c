#include "tnf_interpolation.h"
#include "tnf_resize.h"

/* The weighted sum, high * 2^10 + low, has 20 fractional bits and up to 36 in all. It is rounded to
 * the nearest, halves away from 0. */
static int16_t rounded(int32_t high, int32_t low)
{
    const int32_t not_positive = high + ((low + 1023) >> 10) <= 0;
    return (int16_t)((high + ((low + ((int32_t)1 << 19) - not_positive) >> 10)) >> 10);
}

TNF_KERNEL void tnf_resize_bilinear_s16(const TNF_FLASH tnf_resize_bilinear_t *params,
                                        const tnf_int16_t *input, tnf_int16_t *output)
{
    const int32_t channels = params->channels;
    const int32_t row_size = params->input_width * channels;
    for (int32_t batch = 0; batch < params->batches; batch++) {
        for (int32_t y = 0; y < params->output_height; y++) {
            const tnf_neighbours_t rows = tnf_neighbours_of(
                y * params->height_scale + params->height_offset, params->input_height);
            const tnf_int16_t *const above = input + rows.lower * row_size;
            const tnf_int16_t *const below = input + rows.upper * row_size;
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
                    *output++ = rounded(
                        rows.lower_weight * (upper >> 10) + rows.upper_weight * (lower >> 10),
                        rows.lower_weight * (upper & 1023) + rows.upper_weight * (lower & 1023));
                }
            }
        }
        input += params->input_height * row_size;
    }
}
