#include "tnf_exact.h"
#include "tnf_fast.h"
#include "tnf_operand_rows.h"

TNF_KERNEL TNF_FAST void tnf_add_s8(const TNF_FLASH tnf_add_t *params, const int8_t *input1,
                                    const int8_t *input2, int8_t *output)
{
    const tnf_add_t kept = *params; /* what the output cannot lie over stays in registers */
    const tnf_factor_t factor1 = tnf_factor(kept.input1_multiplier, kept.input1_shift);
    const tnf_factor_t factor2 = tnf_factor(kept.input2_multiplier, kept.input2_shift);
    const tnf_factor_t factor = tnf_factor(kept.output_multiplier, kept.output_shift);
    const int8_t *const second = tnf_second_s8(kept.constant, input2);
    for (tnf_operand_row_t row = {0}; row.index_0 < kept.shape.extent_0;
         tnf_next_row(&kept.shape, &row)) {
        const int8_t *value1 = input1 + row.at1;
        const int8_t *value2 = second + row.at2;
        for (int32_t i = 0; i < kept.shape.extent_3; i++) {
            const int32_t shifted1 = tnf_shift_left(*value1 + kept.input1_offset, kept.left_shift);
            const int32_t shifted2 = tnf_shift_left(*value2 + kept.input2_offset, kept.left_shift);
            const int32_t sum = tnf_scaled(shifted1, factor1) + tnf_scaled(shifted2, factor2);
            *output++ = tnf_clamped_s8(tnf_scaled(sum, factor), kept.output_offset,
                                       kept.activation_min, kept.activation_max);
            value1 += kept.shape.input1_stride_3;
            value2 += kept.shape.input2_stride_3;
        }
    }
}
