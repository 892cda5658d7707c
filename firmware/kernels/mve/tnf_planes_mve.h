/** @file
 * Planes: rows of an image sorted by channel, column and row, so that a window is one run of bytes.
 * Of each channel a plane has [columns][height] values; a row more takes the place of the oldest.
 */
#ifndef TNF_PLANES_MVE_H
#define TNF_PLANES_MVE_H

#include "tnf_kernels.h"

/* Where the assembly finds the fields of tnf_planes_t. */
#define TNF_PLANES_WEIGHTS 0
#define TNF_PLANES_SCALES 4
#define TNF_PLANES_BASE 8
#define TNF_PLANES_BYTES 12
#define TNF_PLANES_OUTPUT 16
#define TNF_PLANES_COUNT 20
#define TNF_PLANES_CHANNELS 24
#define TNF_PLANES_STEP 28
#define TNF_PLANES_TAPS 32
#define TNF_PLANES_PHASES 36
#define TNF_PLANES_SHIFT 40
#define TNF_PLANES_EXACT 44
#define TNF_PLANES_OFFSET 48
#define TNF_PLANES_MIN 52
#define TNF_PLANES_MAX 56

#define TNF_WINDOW_BYTES 16 /* the most that a window has, and what is read of each */

#ifndef __ASSEMBLER__

#define tnf_plane_row TNF_LINK_NAME(tnf_plane_row, TNF_BACKEND)
#define tnf_plane_windows_s8 TNF_LINK_NAME(tnf_plane_windows_s8, TNF_BACKEND)

/** Windows of one output row. */
typedef struct tnf_planes {
    /** Of every four channels and every place where the window's first row may lie: four channels'
     *  weights, in the order of the plane. This points to the place of this row. The last four
     *  channels may be some of those before. */
    const TNF_FLASH int8_t *weights;
    /** Of every four channels a bias, a multiplier, and a constant (exact: a shift) of each. */
    const TNF_FLASH int32_t *scales;
    const int8_t *base;  /**< planes, and 16 bytes */
    int32_t plane_bytes; /**< from one channel to the next */
    int8_t *output;      /**< [count, channels] */
    int32_t count;
    int32_t channels; /**< at least 4 */
    int32_t step;     /**< bytes from one window to the next */
    int32_t taps;     /**< bytes of a window */
    int32_t phases;   /**< places where the window's first row may lie: the planes' height */
    int32_t shift;    /**< minus the short form's exponent */
    int32_t exact;    /**< 1: rounded twice, with the offset and clamp that follow; 0: short form */
    int32_t output_offset;
    int32_t activation_min;
    int32_t activation_max;
} tnf_planes_t;

/** All channels of all windows. */
void tnf_plane_windows_s8(const tnf_planes_t *planes);

/** Puts a row of an image into planes. A `step` of 0 fills it with the 16 equal values at `from`.
 *  @param place        where the first channel's and column's value goes
 *  @param plane_bytes  from one channel to the next
 *  @param from         [columns][step], of which `channels`
 *  @param height       bytes from one column to the next */
void tnf_plane_row(int8_t *place, int32_t plane_bytes, const int8_t *from, int32_t step,
                   int32_t columns, int32_t channels, int32_t height);

#endif

#endif
