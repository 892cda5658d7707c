#include "tnf_copy_bytes.h"
#include "tnf_winograd.h"

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

/* Where and how outputs are written. */
typedef struct target {
    int32_t step; /* bytes from one pixel to the next */
    int32_t row_bytes;
    int32_t columns; /* of those that the two tiles cover, how many there are */
    int32_t rows;
    int32_t low;
    int32_t high;
} target_t;

static inline int8_t rounded(int32_t sum, const int32_t *factor, const target_t *target,
                             int32_t exact)
{
    int32_t value = 0;
    if (exact != 0) {
        const int64_t product = (int64_t)(sum >> 2) * (uint32_t)factor[0];
        value = (int32_t)(product >> 32) + (int32_t)((uint32_t)product >> 31);
        value = (value + (value >> 31) + factor[1]) >> factor[2];
    } else {
        value = ((int32_t)(((int64_t)sum * factor[0]) >> 32) + factor[1]) >> factor[2];
    }
    value = value < target->low ? target->low : value;
    return (int8_t)(value > target->high ? target->high : value);
}

/* One tile of one channel: 2x2 outputs out of 16 sums. */
static inline void transform_tile(const tnf_int32_t *sums, int32_t bias, const int32_t *factor,
                                  const target_t *target, int32_t columns, int8_t *output,
                                  int32_t exact)
{
    const int32_t place = TNF_WINOGRAD_OUTPUTS * TNF_WINOGRAD_TILES;
    int32_t upper[ROWS];
    int32_t lower[ROWS];
    for (int32_t j = 0; j < ROWS; j++) {
        const int32_t b = sums[(4 + j) * place];
        const int32_t c = sums[(8 + j) * place];
        upper[j] = sums[j * place] + b + c;
        lower[j] = b - c - sums[(12 + j) * place];
    }
    output[0] = rounded(bias + upper[0] + upper[1] + upper[2], factor, target, exact);
    if (columns > 1) {
        output[target->step] =
            rounded(bias + upper[1] - upper[2] - upper[3], factor, target, exact);
    }
    if (target->rows > 1) {
        output += target->row_bytes;
        output[0] = rounded(bias + lower[0] + lower[1] + lower[2], factor, target, exact);
        if (columns > 1) {
            output[target->step] =
                rounded(bias + lower[1] - lower[2] - lower[3], factor, target, exact);
        }
    }
}

static inline void transform(const tnf_int32_t *sums, const tnf_winograd_outputs_t *outputs,
                             const target_t *target, int8_t *output, int32_t exact)
{
    output += outputs->first;
    for (int32_t i = 0; i < TNF_WINOGRAD_OUTPUTS; i++) {
        const int32_t bias = outputs->bias[i];
        const int32_t *factor = outputs->factor[i];
        transform_tile(sums, bias, factor, target, 2, output, exact);
        transform_tile(sums + 1, bias, factor, target, target->columns - 2,
                       output + 2 * target->step, exact);
        output++;
        sums += TNF_WINOGRAD_TILES;
    }
}

/* The outputs of two tiles, all channels. */
static void compute(const TNF_FLASH tnf_winograd_conv_2d_t *params, const tnf_int16_t *tiles,
                    tnf_int32_t *sums, const target_t *target, int8_t *output)
{
    const int32_t channels = (params->input_channels + 3) & ~3;
    const int16_t *weights = params->weights;
    const tnf_winograd_outputs_t *outputs =
        (const tnf_winograd_outputs_t *)(const void *)params->constants;
    for (int32_t left = params->output_channels; left > 0; left -= TNF_WINOGRAD_OUTPUTS) {
        tnf_winograd_multiply(tiles, weights, sums, channels);
        if (params->exact != 0) {
            transform(sums, outputs, target, output, 1);
        } else {
            transform(sums, outputs, target, output, 0);
        }
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
    target_t target;
    target.step = params->output_channels;
    target.row_bytes = params->output_width * params->output_channels;
    target.low = params->activation_min;
    target.high = params->activation_max;
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
        target.rows = end - y;
        for (int32_t x = 0; x < params->output_width; x += 4) {
            /* The last two tiles may be those before once more. */
            const int32_t start = x + 4 > even_width ? even_width - 4 : x;
            target.columns = params->output_width - start;
            transform_input(read, start * channels, channels, tiles);
            compute(params, tiles, sums, &target, output + start * params->output_channels);
        }
        output += 2 * target.row_bytes;
    }
}
