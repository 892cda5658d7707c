#include "tnf_copy_bytes.h"
#include "tnf_depthwise.h"
#include "tnf_depthwise_block.h"

#define ROWS 3

TNF_KERNEL void tnf_depthwise_3x3_rows_s8(const TNF_FLASH tnf_depthwise_3x3_t *params,
                                          const tnf_rows_t *input, int32_t first, int32_t end,
                                          int8_t *output, int8_t *scratch)
{
    const int32_t channels = params->input_channels;
    const int32_t columns = (params->output_width - 1) * params->stride_width + ROWS;
    const int32_t row_bytes = columns * channels;
    const int32_t left = params->pad_left * channels;
    const int32_t width = params->input_width * channels;
    const int32_t copied = width < row_bytes - left ? width : row_bytes - left;
    tnf_depthwise_row_t row;
    row.output_bytes = params->output_width * channels;
    row.channels = channels;
    row.exponent = params->exponent;
    row.activation_min = params->activation_min;
    row.activation_max = params->activation_max;
    row.weights = params->weights;
    row.constants = params->constants;
    /* The ring: rows[0] is the oldest one, rows[2] the newest. */
    int8_t *rows[ROWS];
    for (int32_t i = 0; i < ROWS; i++) {
        rows[i] = scratch + i * ((row_bytes + 3) & ~3);
        tnf_fill_bytes(rows[i], params->zero_point, row_bytes);
    }
    int32_t next = first * params->stride_height - params->pad_top;
    for (int32_t y = first; y < end; y++) {
        const int32_t top = y * params->stride_height - params->pad_top;
        for (next = next < top ? top : next; next < top + ROWS; next++) {
            int8_t *oldest = rows[0];
            rows[0] = rows[1];
            rows[1] = rows[2];
            rows[2] = oldest;
            if (next >= 0 && next < params->input_height) {
                tnf_copy_bytes(oldest + left, tnf_row(input, next), copied);
            } else {
                tnf_fill_bytes(oldest, params->zero_point, row_bytes);
            }
        }
        row.rows[0] = rows[0];
        row.rows[1] = rows[1];
        row.rows[2] = rows[2];
        row.output = output;
        if (params->stride_width == 1) {
            tnf_depthwise_3x3_row_1(&row);
        } else {
            tnf_depthwise_3x3_row_2(&row);
        }
        output += row.output_bytes;
    }
}
