/** @file
 * Copies. The contract of all kernels is in tnf_kernels.h.
 */
#ifndef TNF_COPY_H
#define TNF_COPY_H

#include "tnf_kernels.h"

#define tnf_copy TNF_LINK_NAME(tnf_copy, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** A copy of bytes, whatever they stand for. */
typedef struct tnf_copy {
    int32_t bytes;
} tnf_copy_t;

/** @param params  how much
 *  @param input   [bytes]
 *  @param output  [bytes] */
void tnf_copy(const TNF_FLASH tnf_copy_t *params, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
