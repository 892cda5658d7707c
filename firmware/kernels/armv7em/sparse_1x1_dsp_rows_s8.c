#pragma GCC optimize("O2")

#include "tnf_simd.h"
#include "tnf_sparse_armv7em.h"
#include "tnf_sparse_block.h"

#define GROUP 4

static inline int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* Pixels beside one another as [pairs of channels][8 pixels]. The last four channels overlap those
 * before them where they are less. What lies there of pixels that are none is not stored. */
static void expand(const int8_t *input, int32_t channels, int32_t pixels, tnf_int32_t *values)
{
    for (int32_t pixel = 0; pixel < pixels; pixel++, input += channels) {
        tnf_int32_t *pairs = values + pixel;
        for (int32_t channel = 0; channel < channels; channel += GROUP) {
            const int32_t word = tnf_simd_load(input + least(channel, channels - GROUP));
            pairs[0] = tnf_simd_even(word);
            pairs[TNF_SPARSE_PIXELS] = tnf_simd_odd(word);
            pairs += 2 * TNF_SPARSE_PIXELS;
        }
    }
}

TNF_KERNEL void tnf_sparse_1x1_dsp_rows_s8(const TNF_FLASH tnf_sparse_1x1_dsp_t *params,
                                           const tnf_rows_t *input, int32_t first, int32_t end,
                                           int8_t *output, int8_t *scratch)
{
    tnf_int32_t *values = (tnf_int32_t *)(void *)scratch;
    tnf_sparse_block_t block = {.values = values,
                                .stream = params->stream,
                                .end = params->stream + params->words,
                                .pixel_bytes = params->output_channels,
                                .general = params->general};
    for (int32_t row = first; row < end; row++) {
        const int8_t *from = tnf_row(input, row);
        for (int32_t x = 0; x < params->input_width; x += TNF_SPARSE_PIXELS) {
            block.pixels = least(TNF_SPARSE_PIXELS, params->input_width - x);
            expand(from, params->input_channels, block.pixels, values);
            block.output = output + (block.pixels - 1) * block.pixel_bytes;
            tnf_sparse_block_dsp(&block);
            from += block.pixels * params->input_channels;
            output += block.pixels * block.pixel_bytes;
        }
    }
}
