/** @file
 * Softmax. The contract of all kernels is in tnf_kernels.h.
 */
#ifndef TNF_SOFTMAX_H
#define TNF_SOFTMAX_H

#include "tnf_kernels.h"

#define tnf_softmax_s8 TNF_LINK_NAME(tnf_softmax_s8, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** Softmax over rows. The output's scale is 1/256, its zero point -128. */
typedef struct tnf_softmax {
    int32_t rows;
    int32_t depth; /**< at most 4095: the sum of exponentials is Q12.19 */
    int32_t multiplier;
    int32_t shift;    /**< 0 to 31 */
    int32_t diff_min; /**< differences to the row's maximum below it count as zero probability */
} tnf_softmax_t;

/** In place. The exponentials are computed twice instead of being kept: no scratch.
 *  @param params  sizes and constants
 *  @param input   [rows, depth]
 *  @param output  [rows, depth] */
void tnf_softmax_s8(const TNF_FLASH tnf_softmax_t *params, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
