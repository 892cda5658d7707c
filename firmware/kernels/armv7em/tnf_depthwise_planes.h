/** @file
 * What depthwise_bands_dsp hands to its assembly: four channels of two input rows to make
 * int16 planes of, and channels to compute from their planes. README.md has the drawing.
 *
 * A pair is two columns beside one another. The planes of a group of four channels are words
 * [pairs][4 channels][4 rows]: a word is the values of the pair's two columns. The rows are two
 * slots of two rows each, filled by turns, so that the two rows before are still there.
 */
#ifndef TNF_DEPTHWISE_PLANES_H
#define TNF_DEPTHWISE_PLANES_H

#include "tnf_kernels.h"

#define tnf_depthwise_fill_dsp TNF_LINK_NAME(tnf_depthwise_fill_dsp, TNF_BACKEND)
#define tnf_depthwise_step_1_dsp TNF_LINK_NAME(tnf_depthwise_step_1_dsp, TNF_BACKEND)
#define tnf_depthwise_step_2_dsp TNF_LINK_NAME(tnf_depthwise_step_2_dsp, TNF_BACKEND)
#define tnf_depthwise_step_1_general_dsp                                                           \
    TNF_LINK_NAME(tnf_depthwise_step_1_general_dsp, TNF_BACKEND)
#define tnf_depthwise_step_2_general_dsp                                                           \
    TNF_LINK_NAME(tnf_depthwise_step_2_general_dsp, TNF_BACKEND)
#define tnf_depthwise_bands_dsp TNF_LINK_NAME(tnf_depthwise_bands_dsp, TNF_BACKEND)

#define TNF_PLANES_GROUP 4    /* channels */
#define TNF_PLANES_PAIR 64    /* bytes from a pair to the next */
#define TNF_PLANES_CHANNEL 16 /* bytes from a channel to the group's next */
#define TNF_PLANES_SLOT 8     /* bytes from the first slot to the second */

#ifndef __ASSEMBLER__

#include "tnf_depthwise_armv7em.h"

/** Two input rows that become one slot. The fields before the empty line are changed. */
typedef struct tnf_planes_fill {
    const int8_t *row[2]; /**< the first pixel, at the first channel */
    int8_t *planes;       /**< the slot in the first pair */
    int32_t groups;       /**< of four channels */

    int32_t step[2];       /**< bytes from a pixel to the next; 0: one pixel is all of them */
    int32_t group_step[2]; /**< bytes to the next four channels */
    int32_t zero;          /**< the input's zero point in all four bytes */
    int32_t left;          /**< 1: the first pair's first column is padding */
    int32_t pairs;         /**< whole pairs after that */
    int32_t right;         /**< 1: then a pair whose second column is padding */
    int32_t group_bytes;   /**< from the planes of a group to those of the next */
} tnf_planes_fill_t;

/** One step down: up to two output rows at stride 1, one at stride 2. The fields before the empty
 *  line are changed. */
typedef struct tnf_planes_step {
    const int8_t *planes;               /**< the older slot in the first pair, at the channel */
    int8_t *output;                     /**< the first pixel, at the channel */
    const TNF_FLASH int32_t *constants; /**< of the channel, see packing/armv7em/depthwise.py */
    int32_t channels;                   /**< those of whole groups, or a group's last ones */

    int32_t group_skip;  /**< bytes from behind a group's last channel to the next group */
    int32_t block_bytes; /**< the pairs of whole blocks of columns; at stride 1 there is one */
    int32_t columns;     /**< output columns after those */
    int32_t pixel_bytes; /**< from an output pixel to the next */
    int32_t row_bytes;   /**< from an output row to the next */
    int32_t rows;        /**< of the output: 1 or 2 */
    int32_t newer;       /**< bytes from the older slot to the newer: 8 or -8 */
} tnf_planes_step_t;

#ifdef __cplusplus
extern "C" {
#endif

/** Fills the slot of all groups. */
void tnf_depthwise_fill_dsp(tnf_planes_fill_t *fill);

/** Filter 3x3, stride 1; a block is two columns of two rows. */
void tnf_depthwise_step_1_dsp(tnf_planes_step_t *step);

/** Filter 3x3, stride 2; a block is four columns of one row. */
void tnf_depthwise_step_2_dsp(tnf_planes_step_t *step);

/** The same with the general requantisation. */
void tnf_depthwise_step_1_general_dsp(tnf_planes_step_t *step);
void tnf_depthwise_step_2_general_dsp(tnf_planes_step_t *step);

/** What rows kernels of 3x3 have in common: `step` is one of those above, whose constants are
 *  `words` of each channel. */
void tnf_depthwise_bands_dsp(void (*step)(tnf_planes_step_t *), int32_t words,
                             const TNF_FLASH tnf_depthwise_3x3_dsp_t *params,
                             const tnf_rows_t *input, int32_t first, int32_t end, int8_t *output,
                             int8_t *scratch);

#ifdef __cplusplus
}
#endif

#endif

#endif
