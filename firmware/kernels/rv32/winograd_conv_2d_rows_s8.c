#include "tnf_copy_bytes.h"
#include "tnf_winograd.h"
#include "tnf_winograd_block.h"

#define ROWS 4 /* and columns of a tile's input */

/* A column of a tile's input, transformed. */
typedef struct column {
    int32_t value[ROWS];
} column_t;

static inline column_t column(const int8_t *const *rows, int32_t offset)
{
    const int32_t a = rows[0][offset];
    const int32_t b = rows[1][offset];
    const int32_t c = rows[2][offset];
    const int32_t d = rows[3][offset];
    const column_t transformed = {{a - c, b + c, c - b, b - d}};
    return transformed;
}

static inline void tile(tnf_int16_t *values, const column_t *a, const column_t *b,
                        const column_t *c, const column_t *d)
{
    for (int32_t i = 0; i < ROWS; i++) {
        values[(4 * i + 0) * TNF_WINOGRAD_TILES] = (int16_t)(a->value[i] - c->value[i]);
        values[(4 * i + 1) * TNF_WINOGRAD_TILES] = (int16_t)(b->value[i] + c->value[i]);
        values[(4 * i + 2) * TNF_WINOGRAD_TILES] = (int16_t)(c->value[i] - b->value[i]);
        values[(4 * i + 3) * TNF_WINOGRAD_TILES] = (int16_t)(b->value[i] - d->value[i]);
    }
}

/* Two tiles of all channels, which have two columns in common. */
static void transform_input(const int8_t *const *rows, int32_t offset, int32_t channels,
                            tnf_int16_t *values)
{
    for (int32_t i = 0; i < channels; i++) {
        const column_t a = column(rows, offset);
        const column_t b = column(rows, offset + channels);
        const column_t c = column(rows, offset + 2 * channels);
        const column_t d = column(rows, offset + 3 * channels);
        tile(values, &a, &b, &c, &d);
        const column_t e = column(rows, offset + 4 * channels);
        const column_t f = column(rows, offset + 5 * channels);
        tile(values + 1, &c, &d, &e, &f);
        offset++;
        values += TNF_WINOGRAD_PLACES * TNF_WINOGRAD_TILES;
    }
}

/* The outputs of two tiles, all channels. */
static void compute(const TNF_FLASH tnf_winograd_conv_2d_t *params, const tnf_int16_t *tiles,
                    tnf_int32_t *sums, const tnf_winograd_target_t *target, int8_t *output)
{
    const int32_t channels = (params->input_channels + 3) & ~3;
    const int16_t *weights = params->weights;
    const tnf_winograd_outputs_t *outputs =
        (const tnf_winograd_outputs_t *)(const void *)params->constants;
    for (int32_t left = params->output_channels; left > 0; left -= TNF_WINOGRAD_OUTPUTS) {
        tnf_winograd_multiply(tiles, weights, sums, channels);
        tnf_winograd_store(sums, outputs, target, output);
        weights += TNF_WINOGRAD_PLACES * TNF_WINOGRAD_OUTPUTS * channels;
        outputs++;
    }
}

TNF_KERNEL void tnf_winograd_conv_2d_rows_s8(const TNF_FLASH tnf_winograd_conv_2d_t *params,
                                             const tnf_rows_t *input, int32_t first, int32_t end,
                                             int8_t *output, int8_t *scratch)
{
    const int32_t channels = params->input_channels;
    const int32_t even_width = (params->output_width + 1) & ~1;
    const int32_t row_bytes = (even_width + 2) * channels;
    const int32_t output_row_bytes = params->output_width * params->output_channels;
    const int32_t left = params->pad_left * channels;
    const int32_t width = params->input_width * channels;
    const int32_t copied = width < row_bytes - left ? width : row_bytes - left;
    tnf_int32_t *sums = (tnf_int32_t *)(void *)scratch;
    tnf_int16_t *tiles = (tnf_int16_t *)(void *)(sums + 16 * TNF_WINOGRAD_PLACES);
    int8_t *ring =
        (int8_t *)(tiles + ((channels + 3) & ~3) * TNF_WINOGRAD_PLACES * TNF_WINOGRAD_TILES);
    int8_t *rows[ROWS];
    for (int32_t i = 0; i < ROWS; i++) {
        rows[i] = ring + i * ((row_bytes + 3) & ~3);
        tnf_fill_bytes(rows[i], params->zero_point, row_bytes);
    }
    tnf_winograd_target_t target;
    target.step = params->output_channels;
    target.low = params->activation_min;
    target.high = params->activation_max;
    target.exact = params->exact;
    const int32_t last = end - params->pad_top + 2; /* the row after those that are there */
    const int32_t height = last < params->input_height ? last : params->input_height;
    int32_t next = first - params->pad_top;
    for (int32_t y = first; y < end; y += 2) {
        for (; next < y - params->pad_top + ROWS; next++) {
            int8_t *oldest = rows[0];
            rows[0] = rows[1];
            rows[1] = rows[2];
            rows[2] = rows[3];
            rows[3] = oldest;
            if (next >= 0 && next < height) {
                tnf_copy_bytes(oldest + left, tnf_row(input, next), copied);
            } else {
                tnf_fill_bytes(oldest, params->zero_point, row_bytes);
            }
        }
        const int8_t *const read[ROWS] = {rows[0], rows[1], rows[2], rows[3]};
        target.row_bytes = end - y > 1 ? output_row_bytes : 0;
        for (int32_t x = 0; x < params->output_width; x += 4) {
            /* The last two tiles may be those before once more. */
            const int32_t start = x + 4 > even_width ? even_width - 4 : x;
            target.last_step = params->output_width - start > 3 ? target.step : 0;
            transform_input(read, start * channels, channels, tiles);
            compute(params, tiles, sums, &target, output + start * params->output_channels);
        }
        output += 2 * output_row_bytes;
    }
}
