#pragma GCC optimize("O2")

#include <string.h>

#include "tnf_simd.h"
#include "tnf_winograd_armv7em.h"
#include "tnf_winograd_block.h"

#define FILTER 3
#define GROUP 4
#define CHUNK 16
#define TILE_ROWS 2
#define TILE_COLUMNS 2
#define PATCH_COLUMNS 4
#define RING_ROWS 4
#define SHORT_WORDS 2
#define GENERAL_WORDS 3

#define PLACE_WORDS (TNF_WINOGRAD_PLACE_BYTES / 4)
#define CHUNK_WORDS (TNF_WINOGRAD_CHUNK_BYTES / 4)

typedef struct work {
    const TNF_FLASH tnf_winograd_3x3_dsp_t *params;
    const tnf_rows_t *input;
    int32_t end; /* the input row before which rows are read */
    int32_t chunks;
    int32_t row_bytes; /* of the ring */
    tnf_int32_t *values;
    tnf_int32_t *sums;
    int8_t *ring;
} work_t;

/* A column of four rows, transformed. */
typedef struct column {
    int32_t place[4];
} column_t;

static inline int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static inline column_t transform_column(int32_t d0, int32_t d1, int32_t d2, int32_t d3)
{
    const column_t made = {{tnf_simd_subtract(d0, d2), tnf_simd_add(d1, d2),
                            tnf_simd_subtract(d2, d1), tnf_simd_subtract(d1, d3)}};
    return made;
}

/* The rows of a place: 1, 0, 2, 3 as the stream has them. */
static inline void store_column(tnf_int32_t *values, int32_t column, int32_t place0, int32_t place1,
                                int32_t place2, int32_t place3)
{
    values[(column * 4 + 0) * PLACE_WORDS] = place1;
    values[(column * 4 + 1) * PLACE_WORDS] = place0;
    values[(column * 4 + 2) * PLACE_WORDS] = place2;
    values[(column * 4 + 3) * PLACE_WORDS] = place3;
}

#define DIFFERENCE(a, b, i) tnf_simd_subtract((a).place[i], (b).place[i])
#define SUM(a, b, i) tnf_simd_add((a).place[i], (b).place[i])
#define STORE(column, made, a, b)                                                                  \
    store_column(values, column, made(a, b, 0), made(a, b, 1), made(a, b, 2), made(a, b, 3))

/* The columns of a place that need none but the first three of a tile. */
static inline void store_first_columns(tnf_int32_t *values, column_t a, column_t b, column_t c)
{
    STORE(0, DIFFERENCE, a, c);
    STORE(1, SUM, b, c);
    STORE(2, DIFFERENCE, c, b);
}

static inline void store_last_column(tnf_int32_t *values, column_t b, column_t d)
{
    STORE(3, DIFFERENCE, b, d);
}

/* Two tiles of a pair of channels: `EXTEND` makes of a word the pair's values. */
#define COLUMN(x, EXTEND)                                                                          \
    transform_column(                                                                              \
        EXTEND(tnf_simd_load(row0 + (x) * step)), EXTEND(tnf_simd_load(row1 + (x) * step)),        \
        EXTEND(tnf_simd_load(row2 + (x) * step)), EXTEND(tnf_simd_load(row3 + (x) * step)))
#define TILES(EXTEND)                                                                              \
    do {                                                                                           \
        const column_t x0 = COLUMN(0, EXTEND), x1 = COLUMN(1, EXTEND), x2 = COLUMN(2, EXTEND);     \
        store_first_columns(values, x0, x1, x2);                                                   \
        const column_t x3 = COLUMN(3, EXTEND);                                                     \
        store_last_column(values, x1, x3);                                                         \
        const column_t x4 = COLUMN(4, EXTEND);                                                     \
        store_first_columns(values + 1, x2, x3, x4);                                               \
        const column_t x5 = COLUMN(5, EXTEND);                                                     \
        store_last_column(values + 1, x3, x5);                                                     \
    } while (0)

/* All channels of two tiles. The last four channels overlap those before them where they are less:
 * the weights of what comes twice are zero. */
static void transform_tiles(const work_t *work, const int8_t *const rows[RING_ROWS])
{
    const int32_t step = work->params->input_channels;
    for (int32_t group = 0; group * GROUP < step; group++) {
        const int32_t channel = least(group * GROUP, step - GROUP);
        const int8_t *row0 = rows[0] + channel;
        const int8_t *row1 = rows[1] + channel;
        const int8_t *row2 = rows[2] + channel;
        const int8_t *row3 = rows[3] + channel;
        tnf_int32_t *values = work->values + group / 4 * CHUNK_WORDS + group % 4 * 4;
        TILES(tnf_simd_even);
        values += 2;
        TILES(tnf_simd_odd);
    }
}

/* Four channels of two tiles from their sums; `columns` of four are there. */
static void store_tiles(const work_t *work, int32_t channel, int32_t rows, int32_t columns,
                        int8_t *output)
{
    const TNF_FLASH tnf_winograd_3x3_dsp_t *params = work->params;
    const int32_t pixel_bytes = params->output_channels;
    const int32_t row_bytes = params->output_width * pixel_bytes;
    const int32_t words = params->general == 0 ? SHORT_WORDS : GENERAL_WORDS;
    tnf_winograd_tile_t tile = {work->sums,
                                params->scales + channel * words,
                                output,
                                rows > 1 ? row_bytes : 0,
                                columns > 1 ? pixel_bytes : 0,
                                params->general};
    tnf_winograd_store_dsp(&tile);
    if (columns > TILE_COLUMNS) {
        tile.sums += GROUP;
        tile.output += TILE_COLUMNS * pixel_bytes;
        tile.pixel_bytes = columns > TILE_COLUMNS + 1 ? pixel_bytes : 0;
        tnf_winograd_store_dsp(&tile);
    }
}

/* Copies an input row into the ring, or padding. */
static void copy_row(const work_t *work, int32_t row, int32_t slot)
{
    const TNF_FLASH tnf_winograd_3x3_dsp_t *params = work->params;
    int8_t *to = work->ring + slot * work->row_bytes;
    const int32_t before = params->pad_left * params->input_channels;
    const int32_t bytes =
        least(params->input_width * params->input_channels, work->row_bytes - before);
    const int32_t inside = row >= 0 && row < work->end;
    const int32_t copied = inside ? before + bytes : 0;
    if (inside) {
        memset(to, params->input_zero_point, (size_t)before);
        memcpy(to + before, tnf_row(work->input, row), (size_t)bytes);
    }
    memset(to + copied, params->input_zero_point, (size_t)(work->row_bytes - copied));
}

/* Up to two output rows of which the ring has the input rows, the first one in `slot`. */
static void compute_rows(const work_t *work, int32_t slot, int32_t rows, int8_t *output)
{
    const TNF_FLASH tnf_winograd_3x3_dsp_t *params = work->params;
    const int32_t pixels = params->output_width;
    for (int32_t x = 0; x < pixels; x += PATCH_COLUMNS) {
        const int8_t *patch[RING_ROWS];
        const TNF_FLASH int32_t *stream = params->stream;
        for (int32_t i = 0; i < RING_ROWS; i++) {
            patch[i] =
                work->ring + (slot + i) % RING_ROWS * work->row_bytes + x * params->input_channels;
        }
        transform_tiles(work, patch);
        for (int32_t group = 0; group < params->output_channels; group += GROUP) {
            const int32_t channel = least(group, params->output_channels - GROUP);
            int8_t *to = output + x * params->output_channels + channel;
            stream = tnf_winograd_block_dsp(work->values, stream, work->sums, work->chunks);
            store_tiles(work, channel, rows, pixels - x, to);
        }
    }
}

TNF_KERNEL void tnf_winograd_3x3_dsp_rows_s8(const TNF_FLASH tnf_winograd_3x3_dsp_t *params,
                                             const tnf_rows_t *input, int32_t first, int32_t end,
                                             int8_t *output, int8_t *scratch)
{
    const int32_t patches = (params->output_width + PATCH_COLUMNS - 1) / PATCH_COLUMNS;
    const int32_t chunks = (params->input_channels + CHUNK - 1) / CHUNK;
    int8_t *sums = scratch + chunks * TNF_WINOGRAD_CHUNK_BYTES;
    const work_t work = {
        .params = params,
        .input = input,
        .end = least(end - 1 - params->pad_top + FILTER, params->input_height),
        .chunks = chunks,
        .row_bytes = (patches * PATCH_COLUMNS + FILTER - 1) * params->input_channels,
        .values = (tnf_int32_t *)(void *)scratch,
        .sums = (tnf_int32_t *)(void *)sums,
        .ring = sums + TNF_WINOGRAD_PLACES * TNF_WINOGRAD_SUM_BYTES,
    };
    int32_t next = first - params->pad_top;
    int32_t slot = 0;
    for (int32_t i = 0; i < RING_ROWS - TILE_ROWS; i++) {
        copy_row(&work, next++, i);
    }
    for (int32_t row = first; row < end; row += TILE_ROWS) {
        for (int32_t i = 0; i < TILE_ROWS; i++) {
            copy_row(&work, next++, (slot + RING_ROWS - TILE_ROWS + i) % RING_ROWS);
        }
        compute_rows(&work, slot, least(TILE_ROWS, end - row), output);
        output += TILE_ROWS * params->output_width * params->output_channels;
        slot = (slot + TILE_ROWS) % RING_ROWS;
    }
}
