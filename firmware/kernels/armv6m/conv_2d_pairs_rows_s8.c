#include "tnf_fast.h"

#include <stddef.h>
#include <string.h>

#include "tnf_pairs.h"

/* The input's row and column under a window's first value; outside of it where padding is. */
typedef struct place {
    int32_t y;
    int32_t x;
} place_t;

static inline int32_t pair(int32_t low, int32_t high)
{
    return (int32_t)((uint32_t)low + ((uint32_t)high << 16));
}

/* Two pixels' values side by side, in every `step`th word. */
static inline tnf_int32_t *pack_run(tnf_int32_t *words, const int8_t *low, const int8_t *high,
                                    int32_t count, int32_t step)
{
    for (const int8_t *end = low + (count & ~3); low != end; low += 4, high += 4) {
        words[0] = pair(low[0], high[0]);
        words += step;
        words[0] = pair(low[1], high[1]);
        words += step;
        words[0] = pair(low[2], high[2]);
        words += step;
        words[0] = pair(low[3], high[3]);
        words += step;
    }
    for (int32_t left = count & 3; left != 0; left--) {
        *words = pair(*low++, *high++);
        words += step;
    }
    return words;
}

/* One row of two windows, value by value where one of them has padding in it. `low` and `high` are
 * the input's rows there, or NULL. */
static tnf_int32_t *pack_border(const TNF_FLASH tnf_conv_2d_pairs_t *params, tnf_int32_t *words,
                                const int8_t *low, int32_t low_x, const int8_t *high,
                                int32_t high_x, const int8_t *padding)
{
    const int32_t channels = params->input_channels;
    for (int32_t filter_x = 0; filter_x < params->filter_width; filter_x++) {
        const int32_t has_low = low != NULL && low_x >= 0 && low_x < params->input_width;
        const int32_t has_high = high != NULL && high_x >= 0 && high_x < params->input_width;
        words = pack_run(words, has_low ? low + low_x * channels : padding,
                         has_high ? high + high_x * channels : padding, channels, params->words);
        low_x += params->dilation_width;
        high_x += params->dilation_width;
    }
    return words;
}

static inline const int8_t *row_at(const TNF_FLASH tnf_conv_2d_pairs_t *params,
                                   const tnf_rows_t *input, int32_t y)
{
    return y >= 0 && y < params->input_height ? tnf_row(input, y) : NULL;
}

/* The windows of two pixels as words. */
static void pack_pair(const TNF_FLASH tnf_conv_2d_pairs_t *params, const tnf_rows_t *input,
                      place_t low, place_t high, tnf_int32_t *words, const int8_t *padding)
{
    const int32_t channels = params->input_channels;
    const int32_t last_x = params->input_width - params->filter_width;
    const int32_t whole = params->dilation_width == 1 && low.x >= 0 && low.x <= last_x &&
                          high.x >= 0 && high.x <= last_x;
    for (int32_t filter_y = 0; filter_y < params->filter_height; filter_y++) {
        const int8_t *low_row = row_at(params, input, low.y);
        const int8_t *high_row = row_at(params, input, high.y);
        if (whole && low_row != NULL && high_row != NULL) {
            words = pack_run(words, low_row + low.x * channels, high_row + high.x * channels,
                             params->filter_width * channels, params->words);
        } else {
            words = pack_border(params, words, low_row, low.x, high_row, high.x, padding);
        }
        low.y += params->dilation_height;
        high.y += params->dilation_height;
    }
}

/* All channels of `count` pixels, whose windows' values are packed. */
static void compute(const TNF_FLASH tnf_conv_2d_pairs_t *params, const tnf_int32_t *values,
                    tnf_int32_t *sums, int32_t count, int8_t *output)
{
    const tnf_requantized_t how = {params->exponent, params->output_offset, params->activation_min,
                                   params->activation_max};
    const int32_t channels = params->output_channels;
    const TNF_FLASH uint8_t *stream = params->weights;
    const TNF_FLASH int32_t *factors = params->factors;
    for (int32_t channel = 0; channel < channels; channel += params->together) {
        const int32_t left = channels - channel;
        const int32_t together = left < params->together ? left : params->together;
        stream = tnf_pairs_sums(values, stream, sums, together, params->words);
        const tnf_sums_t found = {sums, 2 * params->words, count, together, channels};
        tnf_requantize_sums(&how, factors, &found, output);
        factors += together * TNF_FACTOR_WORDS;
        output += together;
    }
}

TNF_KERNEL void tnf_conv_2d_pairs_rows_s8(const TNF_FLASH tnf_conv_2d_pairs_t *params,
                                          const tnf_rows_t *input, int32_t first, int32_t end,
                                          int8_t *output, int8_t *scratch)
{
    const int32_t filter_size =
        params->filter_height * params->filter_width * params->input_channels;
    const int32_t words = params->words;
    const int32_t padded = filter_size != params->input_channels ||
                           params->output_height != params->input_height ||
                           params->output_width != params->input_width;
    tnf_int32_t *values = (tnf_int32_t *)(void *)scratch;
    tnf_int32_t *sums = values + filter_size * words;
    int8_t *padding = (int8_t *)sums; /* until there are sums */
    place_t next = {first * params->stride_height - params->pad_top, -params->pad_left};
    int32_t row_left = params->output_width;
    int32_t left = (end - first) * params->output_width;
    while (left > 0) {
        const int32_t count = left < 2 * words ? left : 2 * words;
        place_t places[2 * TNF_PAIRS_MOST];
        for (int32_t i = 0; i < 2 * words; i++) {
            places[i] = i < count ? next : places[count - 1];
            if (i < count) {
                next.x += params->stride_width;
                if (--row_left == 0) {
                    row_left = params->output_width;
                    next.x = -params->pad_left;
                    next.y += params->stride_height;
                }
            }
        }
        if (padded) {
            memset(padding, (int)params->padding, (size_t)params->input_channels);
        }
        for (int32_t i = 0; i < words; i++) {
            pack_pair(params, input, places[i], places[i + words], values + i, padding);
        }
        compute(params, values, sums, count, output);
        output += count * params->output_channels;
        left -= count;
    }
}
