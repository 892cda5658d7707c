/** @file
 * Copies and fills of bytes: how kernels move what they read to scratch.
 */
#ifndef TNF_STRIPS_MVE_H
#define TNF_STRIPS_MVE_H

#include "tnf_kernels.h"

#ifndef __ASSEMBLER__

#define tnf_copy_strips TNF_LINK_NAME(tnf_copy_strips, TNF_BACKEND)
#define tnf_fill_strip TNF_LINK_NAME(tnf_fill_strip, TNF_BACKEND)

/** Copies `count` strips, 1 at least, of `bytes` each, from `step` to `pitch` bytes apart. One
 *  strip may go to bytes before it that it overlaps. */
void tnf_copy_strips(int8_t *to, int32_t pitch, const int8_t *from, int32_t step, int32_t bytes,
                     int32_t count);

/** Fills `bytes`, which may be 0, with a value. */
void tnf_fill_strip(int8_t *to, int32_t value, int32_t bytes);

#endif

#endif
