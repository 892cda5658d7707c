#pragma GCC optimize("O2")

#include "tnf_columns_mve.h"
#include "tnf_conv_mve.h"
#include "tnf_strips_mve.h"

/* Sorts a row of the input, or its zero point, into columns of 16 channels at `place`; what is left
 * and right of the input is there already. */
static void take_row(const TNF_FLASH tnf_conv_2d_mve_t *params, const tnf_rows_t *input,
                     int32_t row, int8_t *place, int32_t pass_bytes)
{
    if (row < 0 || row >= params->input_height) {
        tnf_fill_strip(place, params->input_zero_point, params->slices * pass_bytes);
        return;
    }
    const int8_t *from = tnf_row(input, row);
    const int32_t room = params->output_width + 2 - params->pad_left;
    const int32_t width = params->input_width < room ? params->input_width : room;
    int32_t left = params->input_channels;
    place += params->pad_left * TNF_COLUMN_BYTES;
    for (int32_t slice = 0; slice < params->slices; slice++) {
        const int32_t bytes = left < TNF_COLUMN_BYTES ? left : TNF_COLUMN_BYTES;
        tnf_copy_strips(place, TNF_COLUMN_BYTES, from, params->input_channels, bytes, width);
        place += pass_bytes;
        from += bytes;
        left -= bytes;
    }
}

TNF_KERNEL void tnf_conv_3_columns_mve_rows_s8(const TNF_FLASH tnf_conv_2d_mve_t *params,
                                               const tnf_rows_t *input, int32_t first, int32_t end,
                                               int8_t *output, int8_t *scratch)
{
    const int32_t height = params->filter_height;
    const int32_t pass_bytes = (params->output_width + 2) * TNF_COLUMN_BYTES;
    const int32_t row_bytes = params->slices * pass_bytes;
    tnf_columns_t columns = {
        params->weights,
        scratch,
        output,
        params->output_width,
        height * params->slices,
        pass_bytes,
        params->output_channels,
        params->shift,
        params->exact,
        params->output_offset,
        params->activation_min,
        params->activation_max,
    };
    int32_t kept = 0; /* rows of the window that are there already */
    tnf_fill_strip(scratch, params->input_zero_point, height * row_bytes);
    for (int32_t y = first; y < end; y++) {
        const int32_t top = y * params->stride_height - params->pad_top;
        for (; kept < height; kept++) {
            take_row(params, input, top + kept, scratch + kept * row_bytes, pass_bytes);
        }
        tnf_columns_s8(&columns);
        columns.output += params->output_width * params->output_channels;
        kept = height - params->stride_height;
        if (kept > 0) {
            tnf_copy_strips(scratch, 0, scratch + params->stride_height * row_bytes, 0,
                            kept * row_bytes, 1);
        } else {
            kept = 0;
        }
    }
}
