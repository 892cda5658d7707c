#include "tnf_pairs_block.h"
#include "tnf_requantize.h"

TNF_KERNEL void tnf_pairs_round(const tnf_pairs_block_t *block, const int32_t *pair,
                                const int32_t *sums, int32_t words)
{
    const tnf_pair_t *channels = (const tnf_pair_t *)pair;
    int8_t *output = block->output + channels->channel;
    for (int32_t word = 0; word < words; word++) {
        for (int32_t pixel = 0; pixel < 2; pixel++) {
            for (int32_t i = 0; i < 2; i++) {
                output[pixel * block->output_half + i] = tnf_requantize_s8(
                    *sums++, channels->multiplier[i][0], channels->multiplier[i][1],
                    block->output_offset, block->activation_min, block->activation_max);
            }
        }
        output += block->output_step;
    }
}
