#pragma GCC optimize("O2")

#include "tnf_depthwise_armv7em.h"
#include "tnf_depthwise_row.h"
#include "tnf_simd.h"

#define GROUP 4

/* int16 planes of up to four channels, [channels][rows][columns]. */
typedef struct planes {
    tnf_int16_t *values;
    int32_t columns;
    int32_t size; /* of a plane */
} planes_t;

static inline int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static void pad(tnf_int16_t *row, int32_t from, int32_t to, int32_t zero_point)
{
    for (int32_t column = from; column < to; column++) {
        row[column] = (int16_t)zero_point;
    }
}

static inline void store(tnf_int16_t *place, int32_t pair)
{
    memcpy(place, &pair, sizeof pair);
}

/* A row of four channels, two pixels at a time; the last one alone comes twice. */
static void fill_four(const planes_t *planes, tnf_int16_t *row, const int8_t *input,
                      int32_t columns, int32_t step)
{
    tnf_int16_t *row2 = row + 2 * planes->size;
    const int32_t size = planes->size;
    for (int32_t column = 0; column < columns; column += 2) {
        const int32_t near = tnf_simd_load(input);
        const int32_t far = column + 1 < columns ? tnf_simd_load(input + step) : near;
        const int32_t lower = tnf_simd_lower(near, far);
        const int32_t upper = tnf_simd_upper(near, far);
        store(row + column, tnf_simd_even(lower));
        store(row + size + column, tnf_simd_odd(lower));
        store(row2 + column, tnf_simd_even(upper));
        store(row2 + size + column, tnf_simd_odd(upper));
        input += 2 * step;
    }
}

static void fill_one(tnf_int16_t *row, const int8_t *input, int32_t columns, int32_t step)
{
    for (int32_t column = 0; column < columns; column++) {
        row[column] = input[column * step];
    }
}

/* The rows [top, top + rows) of the channels from `channel` on; those from `end` on are padding. */
static void fill(const TNF_FLASH tnf_depthwise_dsp_t *params, const tnf_rows_t *input,
                 const planes_t *planes, int32_t channel, int32_t top, int32_t rows, int32_t end)
{
    const int32_t channels = least(GROUP, params->input_channels);
    const int32_t columns = least(params->input_width, planes->columns - params->pad_left);
    for (int32_t i = 0; i < rows; i++) {
        tnf_int16_t *row = planes->values + i * planes->columns;
        const int32_t inside = top + i >= 0 && top + i < end;
        const int32_t copied = inside ? columns : 0;
        const int8_t *from = inside ? tnf_row(input, top + i) + channel : NULL;
        tnf_int16_t *to = row + params->pad_left;
        if (inside && channels == GROUP) {
            fill_four(planes, to, from, columns, params->input_channels);
        }
        for (int32_t c = 0; c < channels; c++, row += planes->size, to += planes->size) {
            if (inside && channels < GROUP) {
                fill_one(to, from + c, columns, params->input_channels);
            }
            pad(row, 0, params->pad_left, params->input_zero_point);
            pad(row, params->pad_left + copied, planes->columns, params->input_zero_point);
        }
    }
}

/* The output rows of a band from one plane. */
static void compute(const TNF_FLASH tnf_depthwise_dsp_t *params, const planes_t *planes,
                    const tnf_int16_t *plane, int32_t rows, tnf_depthwise_row_t *row)
{
    const int32_t row_bytes = params->output_width * row->pixel_bytes;
    int8_t *output = row->output;
    for (int32_t y = 0; y < rows; y++, output += row_bytes) {
        row->values = (const int8_t *)(plane + y * params->stride_height * planes->columns);
        row->output = output;
        tnf_depthwise_row_dsp(row);
    }
}

TNF_KERNEL void tnf_depthwise_dsp_rows_s8(const TNF_FLASH tnf_depthwise_dsp_t *params,
                                          const tnf_rows_t *input, int32_t first, int32_t end,
                                          int8_t *output, int8_t *scratch)
{
    const int32_t channels = params->input_channels;
    const int32_t outputs = channels * params->depth_multiplier;
    const int32_t words = TNF_DEPTHWISE_ROW_HEAD + params->filter_height * params->pairs;
    const int32_t below = (end - 1) * params->stride_height - params->pad_top;
    const int32_t last_row = least(below + params->filter_height, params->input_height);
    const int32_t most_rows = (params->band - 1) * params->stride_height + params->filter_height;
    const planes_t planes = {(tnf_int16_t *)(void *)scratch, params->plane_columns,
                             most_rows * params->plane_columns};
    tnf_depthwise_row_t row = {.columns = params->output_width,
                               .column_bytes = 2 * params->stride_width,
                               .pixel_bytes = outputs,
                               .filter_rows = params->filter_height,
                               .pairs = params->pairs,
                               .row_bytes = 2 * params->plane_columns,
                               .general = params->general};
    for (int32_t y = first; y < end; y += params->band) {
        const int32_t rows = least(params->band, end - y);
        const int32_t top = y * params->stride_height - params->pad_top;
        const int32_t read = (rows - 1) * params->stride_height + params->filter_height;
        int8_t *to = output + (y - first) * params->output_width * outputs;
        for (int32_t channel = 0; channel < channels; channel += GROUP) {
            const int32_t from = channels < GROUP ? 0 : least(channel, channels - GROUP);
            fill(params, input, &planes, from, top, read, last_row);
            const int32_t behind = least(channel + GROUP, channels) * params->depth_multiplier;
            for (int32_t i = channel * params->depth_multiplier; i < behind; i++) {
                const int32_t plane = i / params->depth_multiplier - from;
                row.constants = params->constants + i * words;
                row.output = to + i;
                compute(params, &planes, planes.values + plane * planes.size, rows, &row);
            }
        }
    }
}
