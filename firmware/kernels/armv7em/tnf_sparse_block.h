/** @file
 * What sparse_1x1_dsp_rows_s8 hands to its assembly: eight pixels and all weights that are not
 * zero. README.md has the drawing.
 */
#ifndef TNF_SPARSE_BLOCK_H
#define TNF_SPARSE_BLOCK_H

#include "tnf_kernels.h"

#define tnf_sparse_block_dsp TNF_LINK_NAME(tnf_sparse_block_dsp, TNF_BACKEND)

#define TNF_SPARSE_PIXELS 8
#define TNF_SPARSE_STEPS 4    /* of the loop's body, which is entered in the middle */
#define TNF_SPARSE_EXPONENT 2 /* of all short forms: an immediate */

#ifndef __ASSEMBLER__

/** All output channels of up to eight pixels. */
typedef struct tnf_sparse_block {
    const tnf_int32_t *values;       /**< [pairs of channels][8 pixels] */
    const TNF_FLASH int32_t *stream; /**< see packing/armv7em/sparse.py */
    const TNF_FLASH int32_t *end;    /**< of the stream */
    int8_t *output;                  /**< the last pixel's first channel */
    int32_t pixel_bytes;             /**< from an output pixel to the next */
    int32_t pixels;                  /**< 1 to 8 */
    int32_t general;                 /**< 0: the short form of requantisation */
} tnf_sparse_block_t;

void tnf_sparse_block_dsp(const tnf_sparse_block_t *block);

#endif

#endif
