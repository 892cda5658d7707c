/** @file
 * The inner loop of depthwise convolutions of 3x3, as its driver in C and its assembly see it.
 */
#ifndef TNF_DEPTHWISE_BLOCK_H
#define TNF_DEPTHWISE_BLOCK_H

#include "tnf_kernels.h"

#define tnf_depthwise_3x3_row_1 TNF_LINK_NAME(tnf_depthwise_3x3_row_1, TNF_BACKEND)
#define tnf_depthwise_3x3_row_2 TNF_LINK_NAME(tnf_depthwise_3x3_row_2, TNF_BACKEND)

#ifdef __ASSEMBLER__

/* Offsets of tnf_depthwise_row_t and of a channel's constants. */
#define ROW_ROWS 0
#define ROW_OUTPUT 12
#define ROW_OUTPUT_BYTES 16
#define ROW_CHANNELS 20
#define ROW_MIN 24
#define ROW_MAX 28
#define ROW_WEIGHTS 32
#define ROW_CONSTANTS 36

#else

#ifdef __cplusplus
extern "C" {
#endif

/** What one row of outputs is computed from. */
typedef struct tnf_depthwise_row {
    const int8_t *rows[3]; /**< with their padding */
    int8_t *output;
    int32_t output_bytes; /**< from the first output to the one behind the last */
    int32_t channels;
    int32_t activation_min;
    int32_t activation_max;
    const int8_t *weights;
    const int32_t *constants;
} tnf_depthwise_row_t;

/** Computes a row with a stride of 1. */
void tnf_depthwise_3x3_row_1(const tnf_depthwise_row_t *row);

/** Computes a row with a stride of 2. */
void tnf_depthwise_3x3_row_2(const tnf_depthwise_row_t *row);

#ifdef __cplusplus
}
#endif

#endif
#endif
