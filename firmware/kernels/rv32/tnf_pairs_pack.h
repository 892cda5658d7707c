/* Pairs of pixels in words: first + 65536 * second. */
#ifndef TNF_PAIRS_PACK_H
#define TNF_PAIRS_PACK_H

#include "tnf_pairs.h"
#include "tnf_pairs_block.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O2")
#endif

static inline int32_t tnf_pair_word(int32_t first, int32_t second)
{
    return (int32_t)((uint32_t)first + ((uint32_t)second << 16));
}

/* `count` words of the values at `first` and those at `second`. */
static inline tnf_int32_t *tnf_pairs_pack(tnf_int32_t *words, const int8_t *first,
                                          const int8_t *second, int32_t count)
{
    for (; count >= 4; count -= 4) {
        words[0] = tnf_pair_word(first[0], second[0]);
        words[1] = tnf_pair_word(first[1], second[1]);
        words[2] = tnf_pair_word(first[2], second[2]);
        words[3] = tnf_pair_word(first[3], second[3]);
        words += 4;
        first += 4;
        second += 4;
    }
    for (; count > 0; count--) {
        *words++ = tnf_pair_word(*first++, *second++);
    }
    return words;
}

/* What a layer's blocks have in common. */
static inline tnf_pairs_block_t tnf_pairs_block(const TNF_FLASH tnf_pairs_conv_2d_t *params)
{
    tnf_pairs_block_t block;
    block.weights = params->weights;
    block.constants = params->constants;
    block.pairs = (params->output_channels + 1) / 2;
    block.exact = params->exact;
    block.output_step = params->output_channels;
    block.activation_min = params->activation_min;
    block.activation_max = params->activation_max;
    return block;
}

#endif
