#include "tnf_blocks_armv7em.h"
#include "tnf_dsp.h"

#define GROUP 4

/* The outputs of one group for one pixel, the first or the second of the pairs. */
static void pixel_outputs(const tnf_conv_2d_block_t *block, const int32_t *stream, int32_t pixel,
                          int8_t *output)
{
    int32_t sums[GROUP] = {stream[0], stream[1], stream[2], stream[3]};
    const int32_t *weights = stream + GROUP;
    for (const tnf_int32_t *pair = block->pairs; pair != block->end; pair += 2) {
        tnf_dsp_accumulate(&sums[0], &sums[1], pair[pixel], *weights++);
        tnf_dsp_accumulate(&sums[2], &sums[3], pair[pixel], *weights++);
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
    const int64_t steps = (block->end - block->pairs) / 2;
    const int64_t group_words = GROUP + 2 * steps + GROUP * (block->general != 0 ? 3 : 2);
    for (; stream != block->stop; stream += group_words) {
        pixel_outputs(block, stream, 0, output_0);
        pixel_outputs(block, stream, 1, output_1);
        output_0 += GROUP;
        output_1 += GROUP;
    }
}
