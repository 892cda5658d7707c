/** @file
 * Fully connected layers with packed weights for the M-profile vector extension. The contract of
 * all kernels is in tnf_kernels.h.
 */
#ifndef TNF_DENSE_MVE_H
#define TNF_DENSE_MVE_H

#include "tnf_kernels.h"

/* Where the assembly finds the fields of tnf_dense_t. */
#define TNF_DENSE_WEIGHTS 0
#define TNF_DENSE_VALUES 4
#define TNF_DENSE_OUTPUT 8
#define TNF_DENSE_LAST 12
#define TNF_DENSE_SLICES 16
#define TNF_DENSE_CHANNELS 20
#define TNF_DENSE_SHIFT 24
#define TNF_DENSE_EXACT 28
#define TNF_DENSE_OFFSET 32
#define TNF_DENSE_MIN 36
#define TNF_DENSE_MAX 40

#define TNF_DENSE_SLICE 16 /* values that are multiplied at once */

#ifndef __ASSEMBLER__

#define tnf_dense_s8 TNF_LINK_NAME(tnf_dense_s8, TNF_BACKEND)
#define tnf_dense_mve_s8 TNF_LINK_NAME(tnf_dense_mve_s8, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** One row of a fully connected layer. */
typedef struct tnf_dense {
    /** For every eight outputs, the last ones filled up with zeros: of the last slice 16 weights of
     *  each output, then of the first slice and so on; then what makes outputs of four sums, twice:
     *  four biases, multipliers, and constants (exact: shifts). */
    const TNF_FLASH int32_t *weights;
    const int8_t *values; /**< all slices but the last, one after the other */
    int8_t *output;       /**< [channels] */
    const int8_t *last;   /**< the last slice, which may begin before the others end */
    int32_t slices;
    int32_t channels;
    int32_t shift; /**< minus the short form's exponent */
    int32_t exact; /**< 1: rounded twice, with the offset and clamp that follow; 0: short form */
    int32_t output_offset;
    int32_t activation_min;
    int32_t activation_max;
} tnf_dense_t;

/** All outputs of a row. */
void tnf_dense_s8(const tnf_dense_t *dense);

/** Fully connected layer over rows. */
typedef struct tnf_dense_mve {
    int32_t rows;
    int32_t input_depth;
    int32_t output_depth;
    int32_t shift; /**< minus the short form's exponent */
    int32_t exact; /**< 1: sums are rounded twice, with the offset and clamp that follow */
    int32_t output_offset;
    int32_t activation_min;
    int32_t activation_max;
    const TNF_FLASH int32_t *weights; /**< packed, as tnf_dense_t has them */
} tnf_dense_mve_t;

/** @param params  sizes and constants
 *  @param input   [rows, input_depth]
 *  @param output  [rows, output_depth] */
void tnf_dense_mve_s8(const TNF_FLASH tnf_dense_mve_t *params, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif

#endif
