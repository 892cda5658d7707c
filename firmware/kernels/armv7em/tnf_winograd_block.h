/** @file
 * What winograd_3x3_dsp_rows_s8 hands to its assembly: products of transformed tiles. README.md has
 * the drawing.
 */
#ifndef TNF_WINOGRAD_BLOCK_H
#define TNF_WINOGRAD_BLOCK_H

#include "tnf_kernels.h"

#define tnf_winograd_block_dsp TNF_LINK_NAME(tnf_winograd_block_dsp, TNF_BACKEND)

#define TNF_WINOGRAD_PLACES 16      /* of a transformed tile */
#define TNF_WINOGRAD_PAIRS 8        /* channel pairs of a chunk */
#define TNF_WINOGRAD_PLACE_BYTES 64 /* from a place to the next in a chunk */
#define TNF_WINOGRAD_CHUNK_BYTES 1024
#define TNF_WINOGRAD_SUM_BYTES 32 /* of a place */

#ifndef __ASSEMBLER__

/** The sums of four output channels at all places of two tiles.
 *  @param values transformed tiles, words [chunks][places][pairs][2 tiles]
 *  @param stream of a group of channels, see packing/armv7em/winograd.py
 *  @param sums   [places][2 tiles][4 channels]
 *  @param chunks of 16 input channels
 *  @return the next group's stream */
const TNF_FLASH int32_t *tnf_winograd_block_dsp(const tnf_int32_t *values,
                                                const TNF_FLASH int32_t *stream, tnf_int32_t *sums,
                                                int32_t chunks);

#endif

#endif
