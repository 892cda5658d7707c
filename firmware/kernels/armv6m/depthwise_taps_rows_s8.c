#include "tnf_fast.h"

#include <stddef.h>
#include <string.h>

#include "tnf_pairs.h"

/* Copies of input rows between their padding, channel by channel, every value 128 more than it is.
 * Row 0 is the first one of padding above the input;
 * row r lies in slot r modulo the filter's height. */
typedef struct ring {
    uint8_t *base;
    int32_t row_bytes;
    int32_t end;  /* the next row */
    int32_t slot; /* where it goes */
} ring_t;

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* One channel of an input row. */
static inline void copy_channel(uint8_t *to, const int8_t *from, int32_t count, int32_t step)
{
    for (const uint8_t *end = to + (count & ~3); to != end; to += 4) {
        to[0] = (uint8_t)(*from + 128);
        from += step;
        to[1] = (uint8_t)(*from + 128);
        from += step;
        to[2] = (uint8_t)(*from + 128);
        from += step;
        to[3] = (uint8_t)(*from + 128);
        from += step;
    }
    for (int32_t left = count & 3; left != 0; left--) {
        *to++ = (uint8_t)(*from + 128);
        from += step;
    }
}

/* Copies all rows before row `end`. The padding beside them is there already. */
static void copy_rows(const TNF_FLASH tnf_depthwise_taps_t *params, const tnf_rows_t *input,
                      ring_t *ring, int32_t end)
{
    const int32_t channels = params->input_channels;
    const int32_t columns = least(params->input_width, params->columns - params->pad_left);
    for (; ring->end < end; ring->end++) {
        const int32_t y = ring->end - params->pad_top;
        uint8_t *row = ring->base + ring->slot * ring->row_bytes;
        ring->slot = ring->slot + 1 == params->filter_height ? 0 : ring->slot + 1;
        if (y < 0 || y >= params->input_height) {
            memset(row, (int)params->padding + 128, (size_t)ring->row_bytes);
            continue;
        }
        const int8_t *from = tnf_row(input, y);
        row += params->pad_left;
        for (int32_t channel = 0; channel < channels; channel++) {
            copy_channel(row, from + channel, columns, channels);
            row += params->columns;
        }
    }
}

/* All channels of the outputs from column `x` on; `pixels` of them are wanted. */
static void compute(const TNF_FLASH tnf_depthwise_taps_t *params, const tnf_taps_t *taps,
                    tnf_int32_t *sums, int32_t pixels, int8_t *output)
{
    const tnf_requantized_t how = {params->exponent, params->output_offset, params->activation_min,
                                   params->activation_max};
    const int32_t channels = params->input_channels;
    const TNF_FLASH int8_t *weights = params->weights;
    const TNF_FLASH int32_t *factors = params->factors;
    for (int32_t first = 0; first < channels; first += TNF_TAPS_CHANNELS) {
        const int32_t together = least(channels - first, TNF_TAPS_CHANNELS);
        weights = tnf_taps_sums(taps, weights, sums, first, together);
        const tnf_sums_t found = {sums, TNF_TAPS_PIXELS, pixels, together, channels};
        tnf_requantize_sums(&how, factors, &found, output);
        factors += together * TNF_FACTOR_WORDS;
        output += together;
    }
}

/* One row of outputs. The last block begins early where blocks do not fill the row. */
static void compute_row(const TNF_FLASH tnf_depthwise_taps_t *params, const ring_t *ring,
                        tnf_int32_t *sums, int8_t *output)
{
    const int32_t channels = params->input_channels;
    const int32_t pixels = least(params->output_width, TNF_TAPS_PIXELS);
    const uint8_t *rows[TNF_TAPS_MOST + 1];
    const uint8_t **next = rows;
    int32_t slot = ring->slot;
    for (int32_t y = 0; y < params->filter_height; y++) {
        const uint8_t *row = ring->base + slot * ring->row_bytes;
        for (int32_t x = 0; x < params->filter_width; x += TNF_TAPS) {
            *next++ = row + x;
        }
        slot = slot + 1 == params->filter_height ? 0 : slot + 1;
    }
    *next = NULL;
    const tnf_taps_t taps = {rows, params->columns, params->stride_width};
    int32_t x = 0;
    for (;;) {
        compute(params, &taps, sums, pixels, output + x * channels);
        const int32_t step = least(TNF_TAPS_PIXELS, params->output_width - pixels - x);
        if (step == 0) {
            break;
        }
        x += step;
        for (const uint8_t **row = rows; row != next; row++) {
            *row += step * params->stride_width;
        }
    }
}

TNF_KERNEL void tnf_depthwise_taps_rows_s8(const TNF_FLASH tnf_depthwise_taps_t *params,
                                           const tnf_rows_t *input, int32_t first, int32_t end,
                                           int8_t *output, int8_t *scratch)
{
    const int32_t row_bytes = params->columns * params->input_channels;
    const int32_t output_bytes = params->output_width * params->input_channels;
    tnf_int32_t *sums = (tnf_int32_t *)(void *)scratch;
    ring_t ring = {(uint8_t *)(sums + TNF_TAPS_CHANNELS * TNF_TAPS_PIXELS), row_bytes,
                   first * params->stride_height, 0};
    memset(ring.base, (int)params->padding + 128, (size_t)(params->filter_height * row_bytes));
    for (int32_t row = first; row < end; row++) {
        const int32_t top = row * params->stride_height;
        if (ring.end < top) {
            ring.end = top;
        }
        copy_rows(params, input, &ring, top + params->filter_height);
        compute_row(params, &ring, sums, output);
        output += output_bytes;
    }
}
