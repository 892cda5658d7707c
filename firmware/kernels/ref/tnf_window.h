/* Which part of a filter lies inside the input, along one dimension. */
#ifndef TNF_WINDOW_H
#define TNF_WINDOW_H

#include <stdint.h>

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

#endif
