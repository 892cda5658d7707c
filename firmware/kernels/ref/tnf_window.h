/* Which part of a filter lies inside the input, along one dimension. */
#ifndef TNF_WINDOW_H
#define TNF_WINDOW_H

#include <stdint.h>

#include "tnf_rows.h"

/* Filter positions [first, end) of a window that starts at `origin` are inside [0, extent).
 * Counts instead of dividing: windows hang over the border by a few positions only. */
typedef struct tnf_window {
    int32_t first;
    int32_t end;
} tnf_window_t;

static inline tnf_window_t tnf_window(int32_t origin, int32_t filter, int32_t dilation,
                                      int32_t extent)
{
    tnf_window_t window = {0, filter};
    while (window.first < filter && origin + window.first * dilation < 0) {
        window.first++;
    }
    while (window.end > window.first && origin + (window.end - 1) * dilation >= extent) {
        window.end--;
    }
    return window;
}

/* The rows of the input under a filter: `window` are the filter's positions inside it, `offset` the
 * bytes from the input's base to the first of these rows. */
typedef struct tnf_window_rows {
    tnf_window_t window;
    int32_t offset;
    int32_t step;
    int32_t ring_bytes;
} tnf_window_rows_t;

static inline tnf_window_rows_t tnf_window_rows(const tnf_rows_t *input, int32_t origin,
                                                int32_t filter, int32_t dilation, int32_t extent)
{
    const tnf_window_t window = tnf_window(origin, filter, dilation, extent);
    const int32_t top = origin + window.first * dilation;
    const tnf_window_rows_t rows = {
        window,
        window.first < window.end ? tnf_rows_offset(input, top) : 0,
        dilation * input->row_bytes,
        input->rows * input->row_bytes,
    };
    return rows;
}

/* From one of these rows to the next: where the ring ends, its first one follows. */
static inline int32_t tnf_window_below(const tnf_window_rows_t *rows, int32_t offset)
{
    const int32_t next = offset + rows->step;
    return next < rows->ring_bytes ? next : next - rows->ring_bytes;
}

#endif
