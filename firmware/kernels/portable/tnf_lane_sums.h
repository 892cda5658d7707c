/** @file
 * Sums of channels over windows. */
#ifndef TNF_LANE_SUMS_H
#define TNF_LANE_SUMS_H

#include "tnf_fast.h"
#include "tnf_lanes.h"
#include "tnf_window.h"

/** The sums of TNF_LANES channels over a window's rows of `width` pixels, `step` apart. */
static TNF_FAST void tnf_sum_lanes(const int8_t *values, const tnf_window_rows_t *rows,
                                   int32_t width, int32_t step, int32_t sums[TNF_LANES])
{
    int32_t offset = rows->offset;
    int32_t kept[TNF_LANES] = {0};
    for (int32_t y = rows->window.first; y < rows->window.end; y++) {
        const int8_t *value = values + offset;
        for (int32_t x = 0; x < width; x++) {
            TNF_WRITE_OUT
            for (int32_t lane = 0; lane < TNF_LANES; lane++) {
                kept[lane] += value[lane];
            }
            value += step;
        }
        offset = tnf_window_below(rows, offset);
    }
    TNF_WRITE_OUT
    for (int32_t lane = 0; lane < TNF_LANES; lane++) {
        sums[lane] = kept[lane];
    }
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
