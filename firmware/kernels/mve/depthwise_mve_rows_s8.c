#pragma GCC optimize("O2")

#include "tnf_depthwise_mve.h"
#include "tnf_planes_mve.h"
#include "tnf_strips_mve.h"

/* Puts a row of the input, or of its zero point, into the planes at `place`. */
static void take_row(const TNF_FLASH tnf_depthwise_mve_t *params, const tnf_rows_t *input,
                     int32_t row, int32_t columns, int8_t *place, int32_t plane_bytes)
{
    const int32_t height = params->filter_height;
    if (row < 0 || row >= params->input_height) {
        int8_t zeros[TNF_WINDOW_BYTES];
        tnf_fill_strip(zeros, params->input_zero_point, TNF_WINDOW_BYTES);
        tnf_plane_row(place, plane_bytes, zeros, 0, columns, params->channels, height);
    } else {
        const int32_t room = columns - params->pad_left;
        const int32_t width = params->input_width < room ? params->input_width : room;
        tnf_plane_row(place + params->pad_left * height, plane_bytes, tnf_row(input, row),
                      params->channels, width, params->channels, height);
    }
}

TNF_KERNEL void tnf_depthwise_mve_rows_s8(const TNF_FLASH tnf_depthwise_mve_t *params,
                                          const tnf_rows_t *input, int32_t first, int32_t end,
                                          int8_t *output, int8_t *scratch)
{
    const int32_t height = params->filter_height;
    const int32_t columns =
        (params->output_width - 1) * params->stride_width + params->filter_width;
    const int32_t taps = height * params->filter_width;
    const int32_t row_bytes = params->output_width * params->channels;
    tnf_planes_t planes = {
        params->weights,
        params->scales,
        scratch,
        columns * height,
        output,
        params->output_width,
        params->channels,
        height * params->stride_width,
        taps,
        height,
        params->shift,
        params->exact,
        params->output_offset,
        params->activation_min,
        params->activation_max,
    };
    int32_t next = first * params->stride_height - params->pad_top;
    int32_t slot = 0; /* where the next row goes: the oldest one */
    tnf_fill_strip(scratch, params->input_zero_point,
                   params->channels * planes.plane_bytes + TNF_WINDOW_BYTES);
    for (int32_t y = first; y < end; y++) {
        const int32_t top = y * params->stride_height - params->pad_top;
        for (next = next < top ? top : next; next < top + height; next++) {
            take_row(params, input, next, columns, scratch + slot, planes.plane_bytes);
            slot = slot + 1 == height ? 0 : slot + 1;
        }
        planes.weights = params->weights + 4 * taps * slot;
        tnf_plane_windows_s8(&planes);
        planes.output += row_bytes;
    }
}
