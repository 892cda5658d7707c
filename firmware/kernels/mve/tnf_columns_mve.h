/** @file
 * Convolutions with filters three columns wide, of rows that lie in scratch as columns:
 * neighbouring windows share what is loaded.
 */
#ifndef TNF_COLUMNS_MVE_H
#define TNF_COLUMNS_MVE_H

#include "tnf_kernels.h"

/* Where the assembly finds the fields of tnf_columns_t. */
#define TNF_COLUMNS_WEIGHTS 0
#define TNF_COLUMNS_VALUES 4
#define TNF_COLUMNS_OUTPUT 8
#define TNF_COLUMNS_COUNT 12
#define TNF_COLUMNS_PASSES 16
#define TNF_COLUMNS_PASS_BYTES 20
#define TNF_COLUMNS_CHANNELS 24
#define TNF_COLUMNS_SHIFT 28
#define TNF_COLUMNS_EXACT 32
#define TNF_COLUMNS_OFFSET 36
#define TNF_COLUMNS_MIN 40
#define TNF_COLUMNS_MAX 44

#define TNF_COLUMN_BYTES 16

#ifndef __ASSEMBLER__

#define tnf_columns_s8 TNF_LINK_NAME(tnf_columns_s8, TNF_BACKEND)

/** The windows of one output row. A pass is one row of the filter and 16 input channels. */
typedef struct tnf_columns {
    /** For every four channels, the last ones filled up with zeros: of channels 0 and 1, pass after
     *  pass and column after column, 16 weights each by turns; then of 2 and 3; then what makes
     *  outputs of sums, four values each: a bias, a multiplier, and a constant (exact: a shift). */
    const TNF_FLASH int32_t *weights;
    const int8_t *values; /**< [passes][count + 2][16] */
    int8_t *output;       /**< [count, channels] */
    int32_t count;        /**< at least 3 */
    int32_t passes;       /**< at least 2 */
    int32_t pass_bytes;   /**< from one pass to the next */
    int32_t channels;
    int32_t shift; /**< minus the short form's exponent */
    int32_t exact; /**< 1: rounded twice, with the offset and clamp that follow; 0: short form */
    int32_t output_offset;
    int32_t activation_min;
    int32_t activation_max;
} tnf_columns_t;

/** All channels of all windows. */
void tnf_columns_s8(const tnf_columns_t *columns);

#endif

#endif
