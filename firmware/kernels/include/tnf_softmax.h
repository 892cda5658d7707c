/** @file
 * Softmax. The contract of all kernels is in tnf_kernels.h.
 */
#ifndef TNF_SOFTMAX_H
#define TNF_SOFTMAX_H

#include "tnf_kernels.h"

#define tnf_softmax_s16 TNF_LINK_NAME(tnf_softmax_s16, TNF_BACKEND)
#define tnf_softmax_s8 TNF_LINK_NAME(tnf_softmax_s8, TNF_BACKEND)
#define tnf_softmax_s8_s16 TNF_LINK_NAME(tnf_softmax_s8_s16, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** Softmax over rows of int8. */
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
 *  @param output  [rows, depth], scale 1/256, zero point -128 */
void tnf_softmax_s8(const TNF_FLASH tnf_softmax_t *params, const int8_t *input, int8_t *output);

/** As tnf_softmax_s8. The output may end where the input does.
 *  @param params  sizes and constants
 *  @param input   [rows, depth]
 *  @param output  [rows, depth], scale 1/65536, zero point -32768 */
void tnf_softmax_s8_s16(const TNF_FLASH tnf_softmax_t *params, const int8_t *input,
                        tnf_int16_t *output);

/** Softmax over rows of int16. */
typedef struct tnf_softmax_s16 {
    int32_t rows;
    int32_t depth; /**< at most 65535: the sum of exponentials is Q16.15 */
    int32_t multiplier;
    int32_t shift;                        /**< -31 to 15; a difference of 1 in units of 10/65535 */
    const TNF_FLASH int16_t *exponential; /**< [513], exp over -10 to 0, Q0.15 */
    const TNF_FLASH int16_t *reciprocal;  /**< [513], 1 / (1 + x) over 0 to 1, Q0.15 */
} tnf_softmax_s16_t;

/** In place. The exponentials are kept in the output.
 *  @param params  sizes, constants and tables as tnf_lookup_s16 reads them
 *  @param input   [rows, depth]
 *  @param output  [rows, depth], scale 1/32768, zero point 0 */
void tnf_softmax_s16(const TNF_FLASH tnf_softmax_s16_t *params, const tnf_int16_t *input,
                     tnf_int16_t *output);

#ifdef __cplusplus
}
#endif

#endif
