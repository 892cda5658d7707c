/** @file
 * Tensors whose rows are computed and read one after another: a whole tensor, or a ring that keeps
 * only its last few rows. A row is all values of one y, [input_width, input_channels]. The contract
 * of all kernels is in tnf_kernels.h.
 *
 * Kernels whose names have "_rows_" compute the output rows [first, end) of one image. They read
 * the input rows under those rows' windows, all of which must be there, and write the first output
 * row at `output`, the others behind it. The output must overlap none of the input rows they read.
 */
#ifndef TNF_ROWS_H
#define TNF_ROWS_H

#include <stdint.h>

#include "tnf_kernels.h"

#define tnf_ring_copy TNF_LINK_NAME(tnf_ring_copy, TNF_BACKEND)

#ifdef __cplusplus
extern "C" {
#endif

/** Rows to read. */
typedef struct tnf_rows {
    const int8_t *base; /**< [rows][row_bytes] */
    int32_t row_bytes;
    int32_t rows; /**< for how many there is room; in a whole tensor it is for all */
    int32_t turn; /**< the row that lies at `base`; 0 in a whole tensor */
} tnf_rows_t;

/** How many bytes after rows->base a row lies. It must be one of those that are there. */
static inline int32_t tnf_rows_offset(const tnf_rows_t *rows, int32_t row)
{
    const int32_t place = row - rows->turn;
    return (place < 0 ? place + rows->rows : place) * rows->row_bytes;
}

/** Where a row lies. It must be one of those that are there. */
static inline const int8_t *tnf_row(const tnf_rows_t *rows, int32_t row)
{
    return rows->base + tnf_rows_offset(rows, row);
}

/** Rows that are being written, and how many were: the last ones can be read. */
typedef struct tnf_ring {
    tnf_rows_t rows;
    int8_t *base; /**< rows.base */
    int32_t end;  /**< the next row */
} tnf_ring_t;

/** A ring at @p base with room for @p rows, none of them written. */
static inline tnf_ring_t tnf_ring(int8_t *base, int32_t row_bytes, int32_t rows)
{
    const tnf_rows_t written = {base, row_bytes, rows, 0};
    const tnf_ring_t ring = {written, base, 0};
    return ring;
}

/** Goes on to the next row, which takes the place of the oldest where there is no other.
 *  @return where it is to be written */
static inline int8_t *tnf_ring_next(tnf_ring_t *ring)
{
    if (ring->end - ring->rows.turn == ring->rows.rows) {
        ring->rows.turn = ring->end;
    }
    return ring->base + (ring->end++ - ring->rows.turn) * ring->rows.row_bytes;
}

/** Copies rows of @p tensor into a ring until it has had those before row @p end. */
void tnf_ring_copy(tnf_ring_t *ring, const int8_t *tensor, int32_t end);

/** The row before which a layer of @p height rows is computed where the next one asks for those
 *  before row @p wanted. */
static inline int32_t tnf_rows_until(int32_t height, int32_t wanted)
{
    return wanted < height ? wanted : height;
}

#ifdef __cplusplus
}
#endif

#endif
