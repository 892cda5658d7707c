/** @file
 * Softmax with its exponentials in a table. The contract of all kernels is in tnf_kernels.h.
 */
#ifndef TNF_SOFTMAX_TABLE_H
#define TNF_SOFTMAX_TABLE_H

#include "tnf_kernels.h"

#define tnf_softmax_table_s8 TNF_LINK_NAME(tnf_softmax_table_s8, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** Softmax over rows of int8. */
typedef struct tnf_softmax_table {
    int32_t rows;
    int32_t depth;       /**< at most 4095: the sum of exponentials is Q12.19 */
    int32_t differences; /**< larger differences to the row's maximum count as zero probability */
    const TNF_FLASH int32_t *exponentials; /**< [differences], Q0.31, the first is that of 0 */
} tnf_softmax_table_t;

/** In place.
 *  @param params  sizes and table
 *  @param input   [rows, depth]
 *  @param output  [rows, depth], scale 1/256, zero point -128 */
void tnf_softmax_table_s8(const TNF_FLASH tnf_softmax_table_t *params, const int8_t *input,
                          int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
