#include "tnf_exact.h"
#include "tnf_fast.h"
#include "tnf_operand_rows.h"

/* Values that are scaled one operand after the other, so that few constants are needed at once. */
#define BLOCK 32

/* One operand: from its values to the scale that holds both. */
typedef struct operand {
    int32_t step;
    int32_t offset;
    int32_t left_shift;
    tnf_factor_t factor;
} operand_t;

/* Adds `count` scaled values to `sums`. */
static TNF_FAST void add_operand(operand_t operand, const int8_t *values, int32_t count,
                                 int32_t *sums)
{
    for (int32_t i = 0; i < count; i++) {
        const int32_t value = tnf_shift_left(*values + operand.offset, operand.left_shift);
        sums[i] += tnf_scaled_small(value, operand.factor);
        values += operand.step;
    }
}

static TNF_FAST void finish(const TNF_FLASH tnf_add_t *params, int32_t *sums, int32_t count,
                            int8_t *output)
{
    const tnf_factor_t factor = tnf_factor(params->output_multiplier, params->output_shift);
    const int32_t offset = params->output_offset;
    const int32_t low = params->activation_min;
    const int32_t high = params->activation_max;
    for (int32_t i = 0; i < count; i++) {
        output[i] = tnf_clamped_s8(tnf_scaled_small(sums[i], factor), offset, low, high);
        sums[i] = 0;
    }
}

TNF_KERNEL void tnf_add_s8(const TNF_FLASH tnf_add_t *params, const int8_t *input1,
                           const int8_t *input2, int8_t *output)
{
    const TNF_FLASH tnf_broadcast_t *shape = &params->shape;
    const operand_t operand1 = {shape->input1_stride_3, params->input1_offset, params->left_shift,
                                tnf_factor(params->input1_multiplier, params->input1_shift)};
    const operand_t operand2 = {shape->input2_stride_3, params->input2_offset, params->left_shift,
                                tnf_factor(params->input2_multiplier, params->input2_shift)};
    const int8_t *const second = tnf_second_s8(params->constant, input2);
    int32_t sums[BLOCK] = {0};
    for (tnf_operand_row_t row = {0}; row.index_0 < shape->extent_0; tnf_next_row(shape, &row)) {
        const int8_t *value1 = input1 + row.at1;
        const int8_t *value2 = second + row.at2;
        int32_t left = shape->extent_3;
        while (left > 0) {
            const int32_t count = left < BLOCK ? left : BLOCK;
            add_operand(operand1, value1, count, sums);
            add_operand(operand2, value2, count, sums);
            finish(params, sums, count, output);
            value1 += count * operand1.step;
            value2 += count * operand2.step;
            output += count;
            left -= count;
        }
    }
}
