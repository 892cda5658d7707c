/** @file
 * Walks two operands, either of which may be broadcast, by rows of the output's innermost
 * dimension. */
#ifndef TNF_OPERAND_ROWS_H
#define TNF_OPERAND_ROWS_H

#include <stddef.h>

#include "tnf_binary.h"

/** The indices of a row, and how many values lie before it in either operand. */
typedef struct tnf_operand_row {
    int32_t index_0;
    int32_t index_1;
    int32_t index_2;
    int32_t at1;
    int32_t at2;
} tnf_operand_row_t;

/** One row on. index_0 is extent_0 at the end. */
static inline void tnf_next_row(const TNF_FLASH tnf_broadcast_t *shape, tnf_operand_row_t *row)
{
    if (++row->index_2 == shape->extent_2) {
        row->index_2 = 0;
        if (++row->index_1 == shape->extent_1) {
            row->index_1 = 0;
            row->index_0++;
        }
    }
    row->at1 = row->index_0 * shape->input1_stride_0 + row->index_1 * shape->input1_stride_1 +
               row->index_2 * shape->input1_stride_2;
    row->at2 = row->index_0 * shape->input2_stride_0 + row->index_1 * shape->input2_stride_1 +
               row->index_2 * shape->input2_stride_2;
}

/** The second operand of int8: all memory is read alike. */
static inline const int8_t *tnf_second_s8(const void *constant, const int8_t *input2)
{
    return constant != NULL ? (const int8_t *)constant : input2;
}

#endif
