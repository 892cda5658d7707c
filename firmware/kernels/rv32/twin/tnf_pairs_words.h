/* The inner loop of convolutions over pairs of pixels, in C. */
#ifndef TNF_PAIRS_WORDS_H
#define TNF_PAIRS_WORDS_H

#include "tnf_pairs_block.h"
#include "tnf_twin_rounding.h"

#define TWIN_WORDS 3

static int32_t twin_wrapped(uint32_t value)
{
    return (int32_t)value;
}

static void twin_store(const tnf_pairs_block_t *block, const tnf_pair_t *pair, const int32_t *sums,
                       int32_t words)
{
    for (int32_t i = 0; i < 4 * words; i++) {
        const int32_t *factor = pair->factor[i & 1];
        const int32_t value =
            block->exact != 0 ? twin_exact(sums[i], factor) : twin_short(sums[i], factor);
        block->output[pair->channel + (i >> 2) * block->output_step +
                      ((i >> 1) & 1) * block->output_half + (i & 1)] =
            twin_clamped(value, block->activation_min, block->activation_max);
    }
}

/* One group: what its taps add to the sums of word `word` and channel `channel`. */
static void twin_group(const tnf_int32_t *x, const int8_t *weights, int32_t taps, uint32_t *low,
                       uint32_t *high)
{
    uint32_t products = 0;
    for (int32_t tap = 0; tap < taps; tap++) {
        products += (uint32_t)x[tap] * (uint32_t)(int32_t)weights[2 * tap];
    }
    *low += products;
    *high += (uint32_t)(twin_wrapped(products + 0x8000U) >> 16);
}

static void twin_words(const tnf_pairs_block_t *block, int32_t words)
{
    const int8_t *weights = block->weights;
    const tnf_pair_t *pair = (const tnf_pair_t *)block->constants;
    const int32_t runs = block->x_bytes / (int32_t)sizeof block->x[0];
    for (int32_t i = 0; i < block->pairs; i++, pair++) {
        uint32_t low[TWIN_WORDS][2];
        uint32_t high[TWIN_WORDS][2];
        int32_t sums[TWIN_WORDS * 4];
        for (int32_t k = 0; k < 2 * words; k++) {
            high[k >> 1][k & 1] = (uint32_t)pair->bias[k & 1][0];
            low[k >> 1][k & 1] = (uint32_t)pair->bias[k & 1][1];
        }
        for (int32_t run = runs - 1; run >= 0; run--) {
            const tnf_int32_t *x = block->x[run];
            for (; weights[0] != 0; weights += weights[1]) {
                const int32_t taps = weights[0] / 4;
                for (int32_t k = 0; k < 2 * words; k++) {
                    const int32_t step = block->word_step / (int32_t)sizeof *x;
                    twin_group(x + (k >> 1) * step, weights + 2 + (k & 1), taps,
                               &low[k >> 1][k & 1], &high[k >> 1][k & 1]);
                }
                x += taps;
            }
            weights++;
        }
        for (int32_t k = 0; k < 2 * words; k++) {
            const uint32_t second = high[k >> 1][k & 1];
            sums[(k >> 1) * 4 + (k & 1)] = twin_wrapped(low[k >> 1][k & 1] - (second << 16));
            sums[(k >> 1) * 4 + 2 + (k & 1)] = twin_wrapped(second);
        }
        twin_store(block, pair, sums, words);
    }
}

#endif
