/* Walks two operands, either of which may be broadcast, in the order of the output. */
#ifndef TNF_OPERANDS_H
#define TNF_OPERANDS_H

#include <stddef.h>

#include "tnf_binary.h"

/* Where the walk is: the indices of the output's dimensions, and how many values lie before it in
 * either operand. */
typedef struct tnf_operands {
    int32_t index_0;
    int32_t index_1;
    int32_t index_2;
    int32_t index_3;
    int32_t at1;
    int32_t at2;
} tnf_operands_t;

/* One value on. index_0 is extent_0 at the end. */
static inline void tnf_next(const TNF_FLASH tnf_broadcast_t *shape, tnf_operands_t *operands)
{
    operands->at1 += shape->input1_stride_3;
    operands->at2 += shape->input2_stride_3;
    if (++operands->index_3 < shape->extent_3) {
        return;
    }
    operands->index_3 = 0;
    if (++operands->index_2 == shape->extent_2) {
        operands->index_2 = 0;
        if (++operands->index_1 == shape->extent_1) {
            operands->index_1 = 0;
            operands->index_0++;
        }
    }
    operands->at1 = operands->index_0 * shape->input1_stride_0 +
                    operands->index_1 * shape->input1_stride_1 +
                    operands->index_2 * shape->input1_stride_2;
    operands->at2 = operands->index_0 * shape->input2_stride_0 +
                    operands->index_1 * shape->input2_stride_1 +
                    operands->index_2 * shape->input2_stride_2;
}

/* The second operand's value: a constant may be in another memory than an input. */
#define TNF_VALUE2(type, constant, input2, at)                                                     \
    ((constant) != NULL ? ((const TNF_FLASH type *)(constant))[at] : (input2)[at])

#endif
