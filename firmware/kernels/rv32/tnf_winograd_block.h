/** @file
 * The parts of Winograd's convolution that are in assembly, as its driver in C sees them.
 */
#ifndef TNF_WINOGRAD_BLOCK_H
#define TNF_WINOGRAD_BLOCK_H

#include "tnf_kernels.h"

#define tnf_winograd_multiply TNF_LINK_NAME(tnf_winograd_multiply, TNF_BACKEND)
#define tnf_winograd_store TNF_LINK_NAME(tnf_winograd_store, TNF_BACKEND)

#ifdef __ASSEMBLER__

/* Offsets of tnf_winograd_target_t and tnf_winograd_outputs_t. */
#define TARGET_STEP 0
#define TARGET_LAST_STEP 4
#define TARGET_ROW_BYTES 8
#define TARGET_LOW 12
#define TARGET_HIGH 16
#define TARGET_EXACT 20
#define OUTPUTS_FACTOR 32
#define OUTPUTS_FIRST 128

#else

#ifdef __cplusplus
extern "C" {
#endif

/** Output channels, and tiles of 2x2 outputs, that are computed at once. */
#define TNF_WINOGRAD_OUTPUTS 8
#define TNF_WINOGRAD_TILES 2
/** Values of a transformed tile. */
#define TNF_WINOGRAD_PLACES 16

/** Constants of 8 output channels: four times the bias; multiplier, addend, exponent as in
 *  tnf_pair_t, in the short form for four times the sum. */
typedef struct tnf_winograd_outputs {
    int32_t bias[TNF_WINOGRAD_OUTPUTS];
    int32_t factor[TNF_WINOGRAD_OUTPUTS][3];
    int32_t first; /**< the first of the channels */
} tnf_winograd_outputs_t;

/** Products of two transformed tiles with the filters of 8 channels, place by place.
 *  @param tiles    [channels][16 places][2 tiles]
 *  @param weights  [16 places][channels][8 outputs]
 *  @param sums     [16 places][8 outputs][2 tiles]
 *  @param channels a multiple of 4 */
void tnf_winograd_multiply(const tnf_int16_t *tiles, const int16_t *weights, tnf_int32_t *sums,
                           int32_t channels);

/** Where and how outputs are written. */
typedef struct tnf_winograd_target {
    int32_t step;      /**< bytes from one pixel to the next */
    int32_t last_step; /**< from the third to the fourth; 0 where that is missing */
    int32_t row_bytes; /**< from the upper row to the lower; 0 where that is missing */
    int32_t low;
    int32_t high;
    int32_t exact;
} tnf_winograd_target_t;

/** Rounds and stores both tiles' outputs of 8 channels.
 *  @param sums    [16 places][8 outputs][2 tiles]
 *  @param outputs constants of the channels
 *  @param target  what to know of the output
 *  @param output  the pixel of the first tile's first output */
void tnf_winograd_store(const tnf_int32_t *sums, const tnf_winograd_outputs_t *outputs,
                        const tnf_winograd_target_t *target, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
#endif
