/** @file
 * Sums of channels over windows, by vectors: in the place of the portable ones. */
#ifndef TNF_LANE_SUMS_H
#define TNF_LANE_SUMS_H

#include <arm_mve.h>

#include "tnf_fast.h"
#include "tnf_lanes.h"
#include "tnf_window.h"

/** The sums of TNF_LANES channels over a window's rows of `width` pixels, `step` apart. */
static TNF_FAST void tnf_sum_lanes(const int8_t *values, const tnf_window_rows_t *rows,
                                   int32_t width, int32_t step, int32_t sums[TNF_LANES])
{
    int32_t offset = rows->offset;
    int32x4_t low = vdupq_n_s32(0);
    int32x4_t high = vdupq_n_s32(0);
    for (int32_t y = rows->window.first; y < rows->window.end; y++) {
        const int8_t *value = values + offset;
        for (int32_t x = 0; x < width; x++) {
            low = vaddq_s32(low, vldrbq_s32(value));
            high = vaddq_s32(high, vldrbq_s32(value + 4));
            value += step;
        }
        offset = tnf_window_below(rows, offset);
    }
    vstrwq_s32(sums, low);
    vstrwq_s32(sums + 4, high);
}

/** The sum of one channel. */
static inline int32_t tnf_sum_lane(const int8_t *values, const tnf_window_rows_t *rows,
                                   int32_t width, int32_t step)
{
    int32_t offset = rows->offset;
    int32_t sum = 0;
    for (int32_t y = rows->window.first; y < rows->window.end; y++) {
        const int8_t *value = values + offset;
        for (int32_t x = 0; x < width; x++) {
            sum += *value;
            value += step;
        }
        offset = tnf_window_below(rows, offset);
    }
    return sum;
}

#endif
