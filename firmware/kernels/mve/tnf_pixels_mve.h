/** @file
 * Sums of products of pixels with packed weights, three pixels and four channels at a time: the
 * inner loops of convolutions. What they are given lies in scratch, see README.md.
 */
#ifndef TNF_PIXELS_MVE_H
#define TNF_PIXELS_MVE_H

#include "tnf_kernels.h"

#define TNF_SLICE 16       /* values of a pixel that are multiplied at once */
#define TNF_SHORT_SLICES 9 /* the most that tnf_pixels_s8 takes */

/* Where the assembly finds the fields of tnf_pixels_t. */
#define TNF_PIXELS_WEIGHTS 0
#define TNF_PIXELS_VALUES 4
#define TNF_PIXELS_OUTPUT 8
#define TNF_PIXELS_COUNT 12
#define TNF_PIXELS_SLICES 16
#define TNF_PIXELS_CHANNELS 20
#define TNF_PIXELS_SHIFT 24
#define TNF_PIXELS_EXACT 28
#define TNF_PIXELS_OFFSET 32
#define TNF_PIXELS_MIN 36
#define TNF_PIXELS_MAX 40

#ifndef __ASSEMBLER__

#define tnf_pixels_s8 TNF_LINK_NAME(tnf_pixels_s8, TNF_BACKEND)
#define tnf_windows_s8 TNF_LINK_NAME(tnf_windows_s8, TNF_BACKEND)
#define tnf_deep_pixels_s8 TNF_LINK_NAME(tnf_deep_pixels_s8, TNF_BACKEND)

/** Pixels to multiply. */
typedef struct tnf_pixels {
    /** For every four channels, the last ones filled up with zeros: the weights of channels 0 and 2
     *  by turns, 16 of each, then those of 1 and 3, then what makes outputs of sums, four values
     *  each: a bias, a multiplier, and a constant (exact: a shift). Of at most 9 slices the last
     *  comes first. */
    const TNF_FLASH int32_t *weights;
    const int8_t *values; /**< [count, slices, 16] */
    int8_t *output;       /**< [count, channels] */
    int32_t count;        /**< at least 1 */
    int32_t slices;       /**< a pixel has this many times 16 values */
    int32_t channels;
    int32_t shift; /**< minus the short form's exponent */
    int32_t exact; /**< 1: rounded twice, with the offset and clamp that follow; 0: short form */
    int32_t output_offset;
    int32_t activation_min;
    int32_t activation_max;
} tnf_pixels_t;

/** All channels of all pixels. */
void tnf_windows_s8(const tnf_pixels_t *pixels);

/** All channels of all pixels; at most 9 slices. */
void tnf_pixels_s8(const tnf_pixels_t *pixels);

/** All channels of all pixels; at least 10 slices. */
void tnf_deep_pixels_s8(const tnf_pixels_t *pixels);

#endif

#endif
