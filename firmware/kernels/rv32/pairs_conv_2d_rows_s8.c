#include <stddef.h>

#include "tnf_pairs_pack.h"

/* A ring of rows of words, for the output columns of a strip. */
typedef struct strip {
    tnf_int32_t *rows; /* [filter_height][columns][input_channels] */
    tnf_int32_t *block;
    int8_t *padding;   /* a pixel of it */
    int32_t first;     /* the first output column */
    int32_t words;     /* output columns, of first pixels */
    int32_t half;      /* output columns from a word's first pixel to its second */
    int32_t columns;   /* input columns, of first pixels */
    int32_t row_words; /* columns * input_channels */
    int32_t slot;      /* where the next row goes: the oldest one */
} strip_t;

/* Expands one input row, NULL for one of padding. Where both pixels are inside the input all
 * columns follow one another. */
static void expand(const TNF_FLASH tnf_pairs_conv_2d_t *params, strip_t *strip, const int8_t *row)
{
    const int32_t width = params->input_width;
    const int32_t channels = params->input_channels;
    const int32_t apart = strip->half * params->stride_width;
    tnf_int32_t *words = strip->rows + strip->slot * strip->row_words;
    strip->slot = strip->slot + 1 == params->filter_height ? 0 : strip->slot + 1;
    if (row == NULL) {
        const int32_t word = tnf_pair_word(params->zero_point, params->zero_point);
        for (int32_t i = 0; i < strip->row_words; i++) {
            words[i] = word;
        }
        return;
    }
    const int32_t left = strip->first * params->stride_width - params->pad_left;
    int32_t x = left;
    while (x < left + strip->columns) {
        const int32_t second = x + apart;
        int32_t run = 1;
        if (x >= 0 && second < width) {
            run = width - second;
            run = run < left + strip->columns - x ? run : left + strip->columns - x;
        }
        const int8_t *a = x < 0 || x >= width ? strip->padding : row + x * channels;
        const int8_t *b = second < 0 || second >= width ? strip->padding : row + second * channels;
        words = tnf_pairs_pack(words, a, b, run * channels);
        x += run;
    }
}

/* Brings a block's taps together: all of a word's behind one another. */
static void gather(const TNF_FLASH tnf_pairs_conv_2d_t *params, const strip_t *strip, int32_t word,
                   int32_t count)
{
    const int32_t run = params->filter_width * params->input_channels;
    const int32_t step = params->stride_width * params->input_channels;
    tnf_int32_t *place = strip->block;
    for (int32_t i = 0; i < count; i++) {
        int32_t slot = strip->slot;
        for (int32_t y = 0; y < params->filter_height; y++) {
            const tnf_int32_t *from = strip->rows + slot * strip->row_words + word * step;
            for (int32_t k = 0; k < run; k++) {
                *place++ = *from++;
            }
            slot = slot + 1 == params->filter_height ? 0 : slot + 1;
        }
        word += 1;
    }
}

/* The strip's part of an output row. */
static void compute(const TNF_FLASH tnf_pairs_conv_2d_t *params, const strip_t *strip,
                    tnf_pairs_block_t *block, int8_t *output)
{
    const int32_t channels = params->output_channels;
    const int32_t step = params->stride_width * params->input_channels;
    const int32_t height = params->filter_height;
    int32_t word = 0;
    while (word < strip->words) {
        const int32_t left = strip->words - word;
        const int32_t count = left == 3 || left > 4 ? 3 : 2;
        if (params->gathered != 0) {
            gather(params, strip, word, left < count ? left : count);
        } else {
            int32_t slot = strip->slot;
            for (int32_t y = 0; y < height; y++) {
                block->x[height - 1 - y] = strip->rows + slot * strip->row_words + word * step;
                slot = slot + 1 == height ? 0 : slot + 1;
            }
        }
        block->output = output + (strip->first + word) * channels;
        if (left == 1) { /* the same pair twice */
            block->word_step = 0;
            block->output_step = 0;
        }
        if (count == 3) {
            tnf_pairs_words_3(block);
        } else {
            tnf_pairs_words_2(block);
        }
        word += count;
    }
}

static void run(const TNF_FLASH tnf_pairs_conv_2d_t *params, strip_t *strip,
                const tnf_rows_t *input, int32_t first, int32_t end, int8_t *output)
{
    const int32_t stride = params->stride_height;
    const int32_t row_bytes = params->output_width * params->output_channels;
    const int32_t taps = params->filter_height * params->filter_width * params->input_channels;
    const int32_t step = params->stride_width * params->input_channels;
    int32_t next = first * stride - params->pad_top;
    for (int32_t y = first; y < end; y++) {
        const int32_t top = y * stride - params->pad_top;
        for (next = next < top ? top : next; next < top + params->filter_height; next++) {
            const int inside = next >= 0 && next < params->input_height;
            expand(params, strip, inside ? tnf_row(input, next) : NULL);
        }
        tnf_pairs_block_t block = tnf_pairs_block(params);
        block.output_half = strip->half * params->output_channels;
        block.word_step = (params->gathered != 0 ? taps : step) * (int32_t)sizeof *strip->rows;
        block.x_bytes =
            (params->gathered != 0 ? 1 : params->filter_height) * (int32_t)sizeof block.x[0];
        block.x[0] = strip->block;
        compute(params, strip, &block, output);
        output += row_bytes;
    }
}

TNF_KERNEL void tnf_pairs_conv_2d_rows_s8(const TNF_FLASH tnf_pairs_conv_2d_t *params,
                                          const tnf_rows_t *input, int32_t first, int32_t end,
                                          int8_t *output, int8_t *scratch)
{
    const int32_t words = (params->output_width + 1) / 2;
    const int32_t taps = params->filter_height * params->filter_width * params->input_channels;
    strip_t strip;
    strip.half = params->output_width - words;
    for (strip.first = 0; strip.first < words; strip.first += params->strip_words) {
        const int32_t left = words - strip.first;
        strip.words = left < params->strip_words ? left : params->strip_words;
        strip.columns = (strip.words - 1) * params->stride_width + params->filter_width;
        strip.row_words = strip.columns * params->input_channels;
        strip.rows = (tnf_int32_t *)(void *)scratch;
        strip.block = strip.rows + params->filter_height * strip.row_words;
        strip.padding = (int8_t *)(strip.block + (params->gathered != 0 ? 3 * taps : 0));
        strip.slot = 0;
        for (int32_t i = 0; i < params->input_channels; i++) {
            strip.padding[i] = (int8_t)params->zero_point;
        }
        run(params, &strip, input, first, end, output);
    }
}
