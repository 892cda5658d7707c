/** @file
 * Padding, of any type. The contract of all kernels is in tnf_kernels.h.
 */
#ifndef TNF_PAD_H
#define TNF_PAD_H

#include "tnf_kernels.h"

#define tnf_pad TNF_LINK_NAME(tnf_pad, TNF_BACKEND)

/** The most dimensions that are padded. */
#define TNF_PAD_AXES 5

#ifdef __cplusplus
extern "C" {
#endif

/** Padding with one value. Dimensions without padding are merged by the compiler. */
typedef struct tnf_pad {
    int32_t run;     /**< input bytes between two paddings of the last axis */
    int32_t count;   /**< of axes, 1 to TNF_PAD_AXES */
    int32_t pattern; /**< the value of 4 bytes; one of 2 bytes twice, one of 1 byte 4 times */
    const TNF_FLASH int32_t *axes; /**< [count, 3]: bytes put before, extent, bytes put after;
                                        outermost first, the last extent is 1 */
} tnf_pad_t;

/** In place where the output starts before the input by at least all padding but the last.
 *  @param params  sizes and the padding's value
 *  @param input   [product of the extents, run]
 *  @param output  the input with the padding */
void tnf_pad(const TNF_FLASH tnf_pad_t *params, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
