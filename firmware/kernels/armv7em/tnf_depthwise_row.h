/** @file
 * What depthwise_dsp_rows_s8 hands to its assembly: one output row of one channel. README.md has
 * the drawing.
 */
#ifndef TNF_DEPTHWISE_ROW_H
#define TNF_DEPTHWISE_ROW_H

#include "tnf_kernels.h"

#define tnf_depthwise_row_dsp TNF_LINK_NAME(tnf_depthwise_row_dsp, TNF_BACKEND)

#define TNF_DEPTHWISE_ROW_PAIRS 8    /* of a filter's row, at most */
#define TNF_DEPTHWISE_ROW_HEAD 4     /* words before the weights */
#define TNF_DEPTHWISE_ROW_EXPONENT 1 /* of all short forms: an immediate */

#ifndef __ASSEMBLER__

typedef struct tnf_depthwise_row {
    const int8_t *values;               /**< the first window's first int16 */
    const TNF_FLASH int32_t *constants; /**< of the channel, see packing/armv7em/depthwise.py */
    int8_t *output;                     /**< the first pixel, at the channel */
    int32_t columns;                    /**< of the output */
    int32_t column_bytes;               /**< from a window to the next */
    int32_t pixel_bytes;                /**< from an output pixel to the next */
    int32_t filter_rows;
    int32_t pairs;     /**< words of a filter's row */
    int32_t row_bytes; /**< from a row of values to the next */
    int32_t general;   /**< 0: the short form of requantisation */
} tnf_depthwise_row_t;

/** Windows are read in blocks of four, also where fewer are stored. */
void tnf_depthwise_row_dsp(const tnf_depthwise_row_t *row);

#endif

#endif
