/** @file
 * The inner loop of fully connected layers, as its driver in C and its assembly see it.
 */
#ifndef TNF_QUADS_BLOCK_H
#define TNF_QUADS_BLOCK_H

#include "tnf_kernels.h"

#define tnf_quads_row TNF_LINK_NAME(tnf_quads_row, TNF_BACKEND)

#ifdef __ASSEMBLER__

/* Offsets of tnf_quads_row_t. */
#define ROW_INPUT 0
#define ROW_OUTPUT 4
#define ROW_WEIGHTS 8
#define ROW_CONSTANTS 12
#define ROW_BLOCKS 16
#define ROW_EXACT 20
#define ROW_MIN 24
#define ROW_MAX 28

/* Offsets of tnf_quads_block_t. */
#define BLOCK_LOW 0
#define BLOCK_HIGH 16
#define BLOCK_FACTOR 32
#define BLOCK_FIRST 128
#define BLOCK_BYTES 132

#else

#ifdef __cplusplus
extern "C" {
#endif

/** Outputs that are computed at once. */
#define TNF_QUADS_OUTPUTS 8

/** Constants of 8 outputs. Word i of `low` and `high` is for the outputs first + 0 and 2, 1 and 3,
 *  4 and 6, 5 and 7: the biases of both, one + 65536 * other, and that of the other alone. */
typedef struct tnf_quads_block {
    int32_t low[4];
    int32_t high[4];
    int32_t factor[8][3]; /**< of each output: multiplier, addend, exponent; as in tnf_pair_t */
    int32_t first;        /**< the first output */
} tnf_quads_block_t;

/** One row of outputs.
 *
 *  The weights of each block are its groups, after which comes a word of 0. A group begins with a
 *  word: 8 * taps of the group's first part, 1 to 8 of them, + 65536 * the number of parts of 8
 * taps that follow. Then come two words for each tap, with the weights + 128 of 4 outputs in each.
 */
typedef struct tnf_quads_row {
    const int8_t *input;
    int8_t *output;
    const int32_t *weights;
    const int32_t *constants;
    int32_t blocks;
    int32_t exact;
    int32_t activation_min;
    int32_t activation_max;
} tnf_quads_row_t;

/** Computes a row. */
void tnf_quads_row(const tnf_quads_row_t *row);

#ifdef __cplusplus
}
#endif

#endif
#endif
