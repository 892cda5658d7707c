/** @file
 * Sums of channels over windows, for machines without these vectors. */
#ifndef TNF_LANE_SUMS_H
#define TNF_LANE_SUMS_H

#include "tnf_lanes.h"
#include "tnf_window.h"

static inline int32_t tnf_sum_lane(const int8_t *values, const tnf_window_rows_t *rows,
                                   int32_t width, int32_t step)
{
    int32_t offset = rows->offset;
    int32_t sum = 0;
    for (int32_t y = rows->window.first; y < rows->window.end; y++) {
        for (int32_t x = 0; x < width; x++) {
            sum += values[offset + x * step];
        }
        offset = tnf_window_below(rows, offset);
    }
    return sum;
}

static inline void tnf_sum_lanes(const int8_t *values, const tnf_window_rows_t *rows, int32_t width,
                                 int32_t step, int32_t sums[TNF_LANES])
{
    for (int32_t lane = 0; lane < TNF_LANES; lane++) {
        sums[lane] = tnf_sum_lane(values + lane, rows, width, step);
    }
}

#endif
