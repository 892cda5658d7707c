/** @file
 * The inner loop of convolutions over pairs of pixels, as its drivers in C and its assembly see it.
 *
 * Two pixels lie in one word, first + 65536 * second: one multiplication by a weight and one
 * addition make two products each. A block is two or three such words and all output channels,
 * which come in pairs.
 */
#ifndef TNF_PAIRS_BLOCK_H
#define TNF_PAIRS_BLOCK_H

#include "tnf_kernels.h"

#define tnf_pairs_words_2 TNF_LINK_NAME(tnf_pairs_words_2, TNF_BACKEND)
#define tnf_pairs_words_3 TNF_LINK_NAME(tnf_pairs_words_3, TNF_BACKEND)

#ifdef __ASSEMBLER__

/* Offsets of tnf_pairs_block_t. */
#define BLOCK_WEIGHTS 0
#define BLOCK_CONSTANTS 4
#define BLOCK_PAIRS 8
#define BLOCK_EXACT 12
#define BLOCK_OUTPUT 16
#define BLOCK_OUTPUT_STEP 20
#define BLOCK_OUTPUT_HALF 24
#define BLOCK_WORD_STEP 28
#define BLOCK_X_BYTES 32
#define BLOCK_MIN 36
#define BLOCK_MAX 40
#define BLOCK_X 44

/* Offsets of tnf_pair_t. */
#define PAIR_BIAS 0
#define PAIR_FACTOR 16
#define PAIR_CHANNEL 40
#define PAIR_BYTES 44

#else

#ifdef __cplusplus
extern "C" {
#endif

/** Runs of taps in a window; more than any filter here has rows. */
#define TNF_PAIRS_RUNS 16

/** Constants of two output channels, which lie side by side. */
typedef struct tnf_pair {
    int32_t bias[2][2];   /**< of each channel: the bias, and it in both halves of a word */
    int32_t factor[2][3]; /**< of each channel: multiplier, addend, exponent */
    int32_t channel;      /**< the first of the two */
} tnf_pair_t;

/** What one call computes. Word i's first pixel is written i * output_step bytes after `output`,
 *  its second one output_half bytes behind that.
 *
 *  A sum becomes clamp(((sum * multiplier >> 32) + addend) >> exponent), or, in the exact form,
 *  clamp((y + addend - (y < 0)) >> exponent) of y = (sum * multiplier + 2^31) >> 32, with
 *  multipliers up to 2^32 - 1.
 *
 *  For each pair, `weights` hold for each run its groups of 1 to 16 taps: 4 * taps, 2 * taps + 2,
 *  then both channels' weights tap by tap; and 0 after the last group. */
typedef struct tnf_pairs_block {
    const int8_t *weights;
    const int32_t *constants; /**< tnf_pair_t, one per pair */
    int32_t pairs;
    int32_t exact; /**< 0: the short form, 1: the exact one */
    int8_t *output;
    int32_t output_step;
    int32_t output_half;
    int32_t word_step; /**< bytes from a word's taps to the next one's */
    int32_t x_bytes;   /**< of the pointers in `x` that are used */
    int32_t activation_min;
    int32_t activation_max;
    const tnf_int32_t *x[TNF_PAIRS_RUNS]; /**< the first word's taps by runs, the last run first */
} tnf_pairs_block_t;

/** Computes a block of two words. */
void tnf_pairs_words_2(const tnf_pairs_block_t *block);

/** Computes a block of three words. */
void tnf_pairs_words_3(const tnf_pairs_block_t *block);

#ifdef __cplusplus
}
#endif

#endif
#endif
