/** @file
 * Linear forms of two tensors, four values at a time.
 */
#ifndef TNF_LINEAR_LANES_MVE_H
#define TNF_LINEAR_LANES_MVE_H

#include "tnf_kernels.h"

/* Where the assembly finds the fields of tnf_linear_lanes_t. */
#define TNF_LINEAR_ELEMENTS 0
#define TNF_LINEAR_MULTIPLIER_1 4
#define TNF_LINEAR_MULTIPLIER_2 8
#define TNF_LINEAR_CONSTANT 12
#define TNF_LINEAR_SHIFT 16
#define TNF_LINEAR_AWAY 20
#define TNF_LINEAR_HALVES 24
#define TNF_LINEAR_MIN 28
#define TNF_LINEAR_MAX 32

#ifndef __ASSEMBLER__

#define tnf_linear_lanes_s8 TNF_LINK_NAME(tnf_linear_lanes_s8, TNF_BACKEND)

/** The form; see tnf_linear_sum_t. */
typedef struct tnf_linear_lanes {
    int32_t elements;
    int32_t multiplier_1;
    int32_t multiplier_2;
    int32_t constant;
    int32_t shift; /**< minus the shift to the right */
    int32_t away;  /**< not 0: 1 is taken from a negative sum before `halves` is added */
    int32_t halves;
    int32_t activation_min;
    int32_t activation_max;
} tnf_linear_lanes_t;

/** In place over either input. */
void tnf_linear_lanes_s8(const tnf_linear_lanes_t *form, const int8_t *input1, const int8_t *input2,
                         int8_t *output);

#endif

#endif
