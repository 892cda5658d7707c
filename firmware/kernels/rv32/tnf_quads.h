/** @file
 * Fully connected layers by quads of outputs, whose weights are one word: int8 activations, exact
 * for every input.
 */
#ifndef TNF_QUADS_H
#define TNF_QUADS_H

#include "tnf_kernels.h"

#define tnf_quads_fully_connected_s8 TNF_LINK_NAME(tnf_quads_fully_connected_s8, TNF_BACKEND)
#define tnf_quads_row TNF_LINK_NAME(tnf_quads_row, TNF_BACKEND)

/** Outputs that are computed at once. */
#define TNF_QUADS_OUTPUTS 8

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

/** A fully connected layer with 8 outputs or more. */
typedef struct tnf_quads_fully_connected {
    int32_t rows;
    int32_t input_depth;
    int32_t output_depth;
    int32_t activation_min;
    int32_t activation_max;
    int32_t exact;                      /**< 0: the short form of requantisation, 1: the exact */
    const TNF_FLASH int32_t *weights;   /**< as tnf_quads_row_t has them */
    const TNF_FLASH int32_t *constants; /**< tnf_quads_block_t, one for each 8 outputs */
} tnf_quads_fully_connected_t;

/** @param params  sizes and constants
 *  @param input   [rows, input_depth]
 *  @param output  [rows, output_depth] */
void tnf_quads_fully_connected_s8(const TNF_FLASH tnf_quads_fully_connected_t *params,
                                  const int8_t *input, int8_t *output);

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
