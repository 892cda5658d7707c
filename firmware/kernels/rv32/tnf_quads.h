/** @file
 * Fully connected layers by quads of outputs, whose weights are one word: int8 activations, exact
 * for every input.
 */
#ifndef TNF_QUADS_H
#define TNF_QUADS_H

#include "tnf_kernels.h"

#define tnf_quads_fully_connected_s8 TNF_LINK_NAME(tnf_quads_fully_connected_s8, TNF_BACKEND)

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

#ifdef __cplusplus
}
#endif

#endif
