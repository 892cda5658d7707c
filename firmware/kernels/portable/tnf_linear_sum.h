/** @file
 * Sums of two tensors as one linear form. The contract of all kernels is in tnf_kernels.h.
 */
#ifndef TNF_LINEAR_SUM_H
#define TNF_LINEAR_SUM_H

#include "tnf_kernels.h"

#define tnf_linear_sum_s8 TNF_LINK_NAME(tnf_linear_sum_s8, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** A sum or difference of two tensors of one shape: two multipliers, a constant and one shift. The
 *  compiler compared it with tnf_add_s8 for all 65,536 pairs of inputs. */
typedef struct tnf_linear_sum {
    int32_t elements;
    int32_t input1_multiplier;
    int32_t input2_multiplier;
    int32_t constant; /**< no sum of products and constants leaves 32 bits */
    int32_t shift;    /**< to the right, 0 to 31 */
    int32_t away;     /**< -1: 1 is taken from a negative sum before `halves` is added; else 0 */
    int32_t halves;   /**< 0 unless `away` */
    int32_t activation_min;
    int32_t activation_max;
} tnf_linear_sum_t;

/** In place over either input.
 *  @param params  size and constants
 *  @param input1  [elements]
 *  @param input2  [elements]; may be the first
 *  @param output  [elements] */
void tnf_linear_sum_s8(const TNF_FLASH tnf_linear_sum_t *params, const int8_t *input1,
                       const int8_t *input2, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
