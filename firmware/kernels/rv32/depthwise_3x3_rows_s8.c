#include "tnf_copy_bytes.h"
#include "tnf_depthwise.h"
#include "tnf_depthwise_block.h"

#define ROWS 3

/* What lies where in the rows of a ring. */
typedef struct columns {
    int32_t start;     /* of the input, in bytes of its row */
    int32_t left;      /* padding before it */
    int32_t copied;    /* bytes of the input */
    int32_t row_bytes; /* in all */
} columns_t;

/* The output columns from row->output on, row->output_bytes wide. */
static void run(const TNF_FLASH tnf_depthwise_3x3_t *params, tnf_depthwise_row_t *row,
                const columns_t *columns, const tnf_rows_t *input, int32_t first, int32_t end,
                int8_t *ring)
{
    const int32_t row_bytes = params->output_width * params->input_channels;
    int8_t *rows[ROWS]; /* rows[0] is the oldest one, rows[2] the newest */
    for (int32_t i = 0; i < ROWS; i++) {
        rows[i] = ring + i * ((columns->row_bytes + 3) & ~3);
        tnf_fill_bytes(rows[i], params->zero_point, columns->row_bytes);
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
                tnf_copy_bytes(oldest + columns->left, tnf_row(input, next) + columns->start,
                               columns->copied);
            } else {
                tnf_fill_bytes(oldest, params->zero_point, columns->row_bytes);
            }
        }
        row->rows[0] = rows[0];
        row->rows[1] = rows[1];
        row->rows[2] = rows[2];
        if (params->stride_width == 1) {
            tnf_depthwise_3x3_row_1(row);
        } else {
            tnf_depthwise_3x3_row_2(row);
        }
        row->output += row_bytes;
    }
}

TNF_KERNEL void tnf_depthwise_3x3_rows_s8(const TNF_FLASH tnf_depthwise_3x3_t *params,
                                          const tnf_rows_t *input, int32_t first, int32_t end,
                                          int8_t *output, int8_t *scratch)
{
    const int32_t channels = params->input_channels;
    tnf_depthwise_row_t row;
    row.channels = channels;
    row.activation_min = params->activation_min;
    row.activation_max = params->activation_max;
    row.weights = params->weights;
    row.constants = params->constants;
    for (int32_t x = 0; x < params->output_width; x += params->strip_columns) {
        const int32_t rest = params->output_width - x;
        const int32_t width = rest < params->strip_columns ? rest : params->strip_columns;
        const int32_t taken = (width - 1) * params->stride_width + ROWS;
        const int32_t start = x * params->stride_width - params->pad_left;
        const int32_t begin = start < 0 ? 0 : start;
        const int32_t stop =
            start + taken < params->input_width ? start + taken : params->input_width;
        columns_t columns;
        columns.start = begin * channels;
        columns.left = (begin - start) * channels;
        columns.copied = (stop - begin) * channels;
        columns.row_bytes = taken * channels;
        row.output = output + x * channels;
        row.output_bytes = width * channels;
        run(params, &row, &columns, input, first, end, scratch);
    }
}
