/** @file
 * Padding. The contract of all kernels is in tnf_kernels.h.
 */
#ifndef TNF_PAD_H
#define TNF_PAD_H

#include "tnf_kernels.h"

#define tnf_pad_s8 TNF_LINK_NAME(tnf_pad_s8, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** Padding of up to four dimensions with the zero point. */
typedef struct tnf_pad {
    int32_t input_0; /**< input extents, outermost first */
    int32_t input_1;
    int32_t input_2;
    int32_t input_3;
    int32_t before_0; /**< values put before, at least 0 */
    int32_t before_1;
    int32_t before_2;
    int32_t before_3;
    int32_t after_0; /**< values put after, at least 0 */
    int32_t after_1;
    int32_t after_2;
    int32_t after_3;
    int32_t value; /**< of the padding, -128 to 127 */
} tnf_pad_t;

/** @param params  sizes and the padding's value
 *  @param input   [input_0, input_1, input_2, input_3]
 *  @param output  every extent is before + input + after */
void tnf_pad_s8(const TNF_FLASH tnf_pad_t *params, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
