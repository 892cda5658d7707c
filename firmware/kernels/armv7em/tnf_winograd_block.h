/** @file
 * What winograd_3x3_dsp_rows_s8 hands to its assembly: tiles that are transformed, and their sums
 * to store. README.md has the drawing.
 */
#ifndef TNF_WINOGRAD_BLOCK_H
#define TNF_WINOGRAD_BLOCK_H

#include "tnf_kernels.h"

#define tnf_winograd_block_dsp TNF_LINK_NAME(tnf_winograd_block_dsp, TNF_BACKEND)
#define tnf_winograd_store_dsp TNF_LINK_NAME(tnf_winograd_store_dsp, TNF_BACKEND)

#define TNF_WINOGRAD_PLACES 16      /* of a transformed tile */
#define TNF_WINOGRAD_PAIRS 8        /* channel pairs of a chunk */
#define TNF_WINOGRAD_PLACE_BYTES 64 /* from a place to the next in a chunk */
#define TNF_WINOGRAD_CHUNK_BYTES 1024
#define TNF_WINOGRAD_SUM_BYTES 32 /* of a place */

/* The exponent of all short forms, of four times the sums: an immediate. */
#define TNF_WINOGRAD_EXPONENT 4

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

/** A tile of four output channels to store. */
typedef struct tnf_winograd_tile {
    const tnf_int32_t *sums;         /**< at the tile's first channel */
    const TNF_FLASH int32_t *scales; /**< of the first channel */
    int8_t *output;                  /**< the first pixel, at the first channel */
    int32_t row_bytes;               /**< to the second row; 0 where there is none */
    int32_t pixel_bytes;             /**< to the second column; 0 where there is none */
    int32_t general;                 /**< 0: the short form of requantisation */
} tnf_winograd_tile_t;

/** Requantises and stores a tile of four channels. */
void tnf_winograd_store_dsp(const tnf_winograd_tile_t *tile);

#endif

#endif
