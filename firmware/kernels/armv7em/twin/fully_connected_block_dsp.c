#include "tnf_blocks_armv7em.h"
#include "tnf_dsp.h"

#define GROUP 4

TNF_KERNEL void tnf_fully_connected_block_dsp(const tnf_fully_connected_block_t *block,
                                              const int32_t *stream, int8_t *output)
{
    const int32_t *scales = block->scales;
    while (stream != block->stop) {
        int32_t sums[GROUP] = {stream[0], stream[1], stream[2], stream[3]};
        stream += GROUP;
        for (const tnf_int32_t *word = block->words; word != block->end; word++) {
            tnf_dsp_accumulate(&sums[0], &sums[1], *word, *stream++);
            tnf_dsp_accumulate(&sums[2], &sums[3], *word, *stream++);
        }
        for (int32_t c = 0; c < GROUP; c++) {
            const int32_t odd = c % 2;
            const int32_t sum = odd != 0 ? tnf_dsp_odd(sums[c - 1], sums[c]) : sums[c];
            if (block->general == 0) {
                *output++ = tnf_dsp_short(sum, scales, block->exponent + 8 * odd);
                scales += 2;
            } else {
                *output++ = tnf_dsp_general(odd != 0 ? sum >> 7 : sum * 2, scales);
                scales += 3;
            }
        }
        scales -= block->back / (int32_t)sizeof *scales;
    }
}
