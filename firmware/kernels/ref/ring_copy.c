#include <string.h>

#include "tnf_rows.h"

TNF_KERNEL void tnf_ring_copy(tnf_ring_t *ring, const int8_t *tensor, int32_t end)
{
    const size_t bytes = (size_t)ring->rows.row_bytes;
    while (ring->end < end) {
        const int8_t *row = tensor + ring->end * ring->rows.row_bytes;
        memcpy(tnf_ring_next(ring), row, bytes);
    }
}
