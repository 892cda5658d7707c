#pragma GCC optimize("O2")

#include "tnf_conv_mve.h"
#include "tnf_strips_mve.h"
#include "tnf_windows_mve.h"

/* The last rows of the input, as wide as windows reach: what is left and right of the input, above
 * and below it is its zero point. */
typedef struct ring {
    int8_t *base;
    int32_t row_bytes;
    int32_t slots;
    int32_t slot; /* where the next row goes: the oldest one */
    int32_t next; /* the next row */
} ring_t;

static void take_row(const TNF_FLASH tnf_conv_2d_mve_t *params, const tnf_rows_t *input,
                     ring_t *ring)
{
    int8_t *row = ring->base + ring->slot * ring->row_bytes;
    if (ring->next < 0 || ring->next >= params->input_height) {
        tnf_fill_strip(row, params->input_zero_point, ring->row_bytes);
    } else {
        const int32_t left = params->pad_left * params->input_channels;
        const int32_t whole = params->input_width * params->input_channels;
        const int32_t room = ring->row_bytes - left;
        const int32_t bytes = whole < room ? whole : room;
        tnf_fill_strip(row, params->input_zero_point, left);
        tnf_copy_strips(row + left, 0, tnf_row(input, ring->next), 0, bytes, 1);
        tnf_fill_strip(row + left + bytes, params->input_zero_point, room - bytes);
    }
    ring->slot = ring->slot + 1 == ring->slots ? 0 : ring->slot + 1;
    ring->next++;
}

/* The windows of `count` pixels, of which the first begins `from` bytes into the rows. */
static void copy_windows(const TNF_FLASH tnf_conv_2d_mve_t *params, const ring_t *ring,
                         int32_t from, int32_t count, int8_t *windows)
{
    const int32_t bytes = params->filter_width * params->input_channels;
    const int32_t step = params->stride_width * params->input_channels;
    int32_t slot = ring->slot;
    for (int32_t y = 0; y < ring->slots; y++) {
        tnf_copy_strips(windows, params->slices * TNF_SLICE,
                        ring->base + slot * ring->row_bytes + from, step, bytes, count);
        windows += bytes;
        slot = slot + 1 == ring->slots ? 0 : slot + 1;
    }
}

TNF_KERNEL void tnf_conv_2d_mve_rows_s8(const TNF_FLASH tnf_conv_2d_mve_t *params,
                                        const tnf_rows_t *input, int32_t first, int32_t end,
                                        int8_t *output, int8_t *scratch)
{
    const int32_t width = (params->output_width - 1) * params->stride_width + params->filter_width;
    const int32_t step = params->stride_width * params->input_channels;
    const int32_t pitch = params->slices * TNF_SLICE;
    ring_t ring = {scratch, width * params->input_channels, params->filter_height, 0, 0};
    int8_t *windows = scratch + ring.slots * ring.row_bytes;
    tnf_pixels_t pixels = tnf_pixels_of(params, windows);
    pixels.output = output;
    ring.next = first * params->stride_height - params->pad_top;
    for (int32_t y = first; y < end; y++) {
        const int32_t top = y * params->stride_height - params->pad_top;
        ring.next = ring.next < top ? top : ring.next;
        while (ring.next < top + params->filter_height) {
            take_row(params, input, &ring);
        }
        /* Blocks go on in the next row. */
        for (int32_t x = 0; x < params->output_width;) {
            const int32_t left = params->output_width - x;
            const int32_t room = params->block - pixels.count;
            const int32_t count = left < room ? left : room;
            copy_windows(params, &ring, x * step, count, windows + pixels.count * pitch);
            x += count;
            pixels.count += count;
            if (pixels.count == params->block || (count == left && y + 1 == end)) {
                tnf_windows_s8(&pixels);
                pixels.output += pixels.count * params->output_channels;
                pixels.count = 0;
            }
        }
    }
}
