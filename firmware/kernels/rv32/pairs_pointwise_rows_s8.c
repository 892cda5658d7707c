#include "tnf_pairs_pack.h"

/* Pixels that lie behind one another. A block of fewer than six takes some of them twice: it writes
 * what it computed of the words, never reads again what it has overwritten. */
static int8_t *run(tnf_pairs_block_t *block, int32_t channels, const int8_t *input, int32_t pixels,
                   int8_t *output, tnf_int32_t *words)
{
    const int32_t output_channels = block->output_step;
    while (pixels > 0) {
        const int32_t taken = pixels == 7 ? 4 : (pixels < 6 ? pixels : 6);
        const int32_t count = taken > 4 ? 3 : 2;
        const int32_t half = taken > count ? taken - count : 0;
        const int32_t step = taken == 1 ? 0 : 1;
        const int8_t *pixel = input;
        tnf_int32_t *place = words;
        for (int32_t i = 0; i < count; i++) {
            place = tnf_pairs_pack(place, pixel, pixel + half * channels, channels);
            pixel += step * channels;
        }
        block->output = output;
        block->output_step = step * output_channels;
        block->output_half = half * output_channels;
        if (count == 3) {
            tnf_pairs_words_3(block);
        } else {
            tnf_pairs_words_2(block);
        }
        input += taken * channels;
        output += taken * output_channels;
        pixels -= taken;
    }
    block->output_step = output_channels;
    return output;
}

TNF_KERNEL void tnf_pairs_pointwise_rows_s8(const TNF_FLASH tnf_pairs_conv_2d_t *params,
                                            const tnf_rows_t *input, int32_t first, int32_t end,
                                            int8_t *output, int8_t *scratch)
{
    tnf_int32_t *words = (tnf_int32_t *)(void *)scratch;
    const int32_t row_bytes = params->input_width * params->input_channels;
    tnf_pairs_block_t block = tnf_pairs_block(params);
    block.word_step = params->input_channels * (int32_t)sizeof *words;
    block.x_bytes = (int32_t)sizeof block.x[0];
    block.x[0] = words;
    while (first < end) {
        const int8_t *row = tnf_row(input, first);
        int32_t rows = 1;
        while (first + rows < end && tnf_row(input, first + rows) == row + rows * row_bytes) {
            rows++;
        }
        output =
            run(&block, params->input_channels, row, rows * params->input_width, output, words);
        first += rows;
    }
}
