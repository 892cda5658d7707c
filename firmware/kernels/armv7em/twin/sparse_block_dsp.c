#include "tnf_dsp.h"
#include "tnf_sparse_block.h"

#define HEAD 3
#define SHORT_WORDS 2
#define GENERAL_WORDS 3

static int8_t requantize(const tnf_sparse_block_t *block, int32_t sum,
                         const TNF_FLASH int32_t *factors)
{
    return block->general != 0 ? tnf_dsp_general(2 * sum, factors)
                               : tnf_dsp_short(sum, factors, TNF_SPARSE_EXPONENT);
}

TNF_KERNEL void tnf_sparse_block_dsp(const tnf_sparse_block_t *block)
{
    const TNF_FLASH int32_t *stream = block->stream;
    int8_t *output = block->output - (block->pixels - 1) * block->pixel_bytes;
    for (; stream != block->end; output++) {
        const TNF_FLASH int32_t *weights = stream + HEAD;
        const TNF_FLASH int32_t *factors = weights + stream[1] / (int32_t)sizeof *weights;
        for (int32_t pixel = 0; pixel < block->pixels; pixel++) {
            int32_t sum = stream[0];
            int32_t place = pixel;
            for (const TNF_FLASH int32_t *word = weights; word != factors; word++) {
                place += (*word >> 8 & 0xff) / (int32_t)sizeof *block->values;
                sum = tnf_dsp_smlad(block->values[place], tnf_dsp_sxtb16(*word), sum);
            }
            output[pixel * block->pixel_bytes] = requantize(block, sum, factors);
        }
        stream = factors + (block->general != 0 ? GENERAL_WORDS : SHORT_WORDS);
    }
}
