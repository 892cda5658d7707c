#include "tnf_blocks_armv7em.h"
#include "tnf_dsp.h"

#define GROUP 4

/* The outputs of one group for one pixel, every other word of a pair. */
static void pixel_outputs(const tnf_conv_2d_block_t *block, const int32_t *stream,
                          const tnf_int32_t *pixel, int8_t *output)
{
    int32_t sums[GROUP] = {stream[0], stream[1], stream[2], stream[3]};
    const int32_t *weights = stream + GROUP;
    for (int64_t words = block->end - block->pair; words > 0; words -= 2) {
        tnf_dsp_accumulate(&sums[0], &sums[1], *pixel, *weights++);
        tnf_dsp_accumulate(&sums[2], &sums[3], *pixel, *weights++);
        pixel += 2;
    }
    for (int32_t c = 0; c < GROUP; c++) {
        const int32_t odd = c % 2;
        const int32_t sum = odd != 0 ? tnf_dsp_odd(sums[c - 1], sums[c]) : sums[c];
        if (block->general == 0) {
            output[c] = tnf_dsp_short(sum, weights + 2 * c, TNF_CONV_2D_EXPONENT + 8 * odd);
        } else {
            output[c] = tnf_dsp_general(odd != 0 ? sum >> 7 : sum * 2, weights + 3 * c);
        }
    }
}

TNF_KERNEL void tnf_conv_2d_block_dsp(const tnf_conv_2d_block_t *block, const int32_t *stream,
                                      int8_t *output_0, int8_t *output_1)
{
    const int64_t words = block->end - block->pair;
    const int64_t group_words = GROUP + words + GROUP * (block->general != 0 ? 3 : 2);
    const tnf_int32_t *pair = block->pair;
    for (int32_t i = 0; i < block->pairs; i++) {
        for (const int32_t *group = stream; group != block->stop; group += group_words) {
            pixel_outputs(block, group, pair, output_0);
            pixel_outputs(block, group, pair + 1, output_1);
            output_0 += GROUP;
            output_1 += GROUP;
        }
        pair += block->pair_bytes / (int32_t)sizeof *pair;
        output_0 += block->output_step;
        output_1 += block->output_step;
    }
}
