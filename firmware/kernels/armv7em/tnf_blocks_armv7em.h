/** @file
 * The micro-kernels of this backend's convolutions and fully connected layers. They are assembly;
 * the folder twin/ has the same in C, for other machines.
 */
#ifndef TNF_BLOCKS_ARMV7EM_H
#define TNF_BLOCKS_ARMV7EM_H

#include "tnf_kernels.h"

#define tnf_expand_pair_dsp TNF_LINK_NAME(tnf_expand_pair_dsp, TNF_BACKEND)
#define tnf_conv_2d_block_dsp TNF_LINK_NAME(tnf_conv_2d_block_dsp, TNF_BACKEND)
#define tnf_fully_connected_block_dsp TNF_LINK_NAME(tnf_fully_connected_block_dsp, TNF_BACKEND)

/* The steps that the body of the convolution's loop has, and those of the other's: loops are
 * entered in the middle for what is left over. */
#define TNF_CONV_2D_STEPS 16
#define TNF_FULLY_CONNECTED_STEPS 4

/* The exponent of all short forms of convolutions, which is an immediate there. */
#define TNF_CONV_2D_EXPONENT 3

#ifndef __ASSEMBLER__

/** Two windows of the same size: of each, `rows` runs of `bytes` bytes, between which `skip_0` or
 *  `skip_1` bytes are left out. */
typedef struct tnf_expand_dsp {
    int32_t bytes;
    int32_t rows;
    int32_t skip_0;
    int32_t skip_1;
} tnf_expand_dsp_t;

/** The words that `rows` runs become in each lane. */
static inline int32_t tnf_expand_words(int32_t bytes, int32_t rows)
{
    const int32_t left = bytes % 4;
    return rows * (bytes / 4) * 2 + (left == 1 ? (rows + 1) / 2 : rows * ((left + 1) / 2));
}

/** Two windows as pairs of int16. Words of the first and of the second take turns; of four bytes
 *  b0 b1 b2 b3 there are (b0, b2) and (b1, b3), of three left over (b0, b2) and (b1, anything), of
 *  two (b0, b1). A single one that is left over, and that of the next run, are one word, where the
 *  first of them is.
 *  @return the end of what was written */
tnf_int32_t *tnf_expand_pair_dsp(tnf_int32_t *pairs, const int8_t *window_0, const int8_t *window_1,
                                 const tnf_expand_dsp_t *expand);

/** Some groups of output channels of some pairs of pixels. */
typedef struct tnf_conv_2d_block {
    const tnf_int32_t *pair; /**< the first pair's words */
    int32_t skipped;         /**< steps after the first that its first pass leaves out */
    const tnf_int32_t *end;  /**< of the first pair */
    int32_t general; /**< how sums are requantised: 0 in the short form, 1 in the general one */
    const TNF_FLASH int32_t *stop; /**< the end of the groups */
    int32_t pairs;
    int32_t pair_bytes;
    int32_t output_step; /**< from behind a pixel's outputs to those of the pixel after next */
} tnf_conv_2d_block_t;

/** The outputs of the groups of channels in `stream` for all pairs. Both pixels may be the same. */
void tnf_conv_2d_block_dsp(const tnf_conv_2d_block_t *block, const TNF_FLASH int32_t *stream,
                           int8_t *output_0, int8_t *output_1);

/** What a row of a fully connected layer takes. */
typedef struct tnf_fully_connected_block {
    const tnf_int32_t *words;
    int32_t skipped;
    const tnf_int32_t *end;
    int32_t general;
    const TNF_FLASH int32_t *stop;
    const TNF_FLASH int32_t *scales;
    int32_t back; /**< bytes that `scales` goes back after a group */
    int32_t exponent;
} tnf_fully_connected_block_t;

/** Groups of four outputs of one row. */
void tnf_fully_connected_block_dsp(const tnf_fully_connected_block_t *block,
                                   const TNF_FLASH int32_t *stream, int8_t *output);

#endif

#endif
