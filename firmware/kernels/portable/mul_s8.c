#include "tnf_exact.h"
#include "tnf_fast.h"
#include "tnf_operand_rows.h"

TNF_KERNEL TNF_FAST void tnf_mul_s8(const TNF_FLASH tnf_mul_t *params, const int8_t *input1,
                                    const int8_t *input2, int8_t *output)
{
    const tnf_mul_t kept = *params;
    const tnf_factor_t factor = tnf_factor(kept.multiplier, kept.shift);
    const int8_t *const second = tnf_second_s8(kept.constant, input2);
    for (tnf_operand_row_t row = {0}; row.index_0 < kept.shape.extent_0;
         tnf_next_row(&kept.shape, &row)) {
        const int8_t *value1 = input1 + row.at1;
        const int8_t *value2 = second + row.at2;
        for (int32_t i = 0; i < kept.shape.extent_3; i++) {
            const int32_t product = (*value1 + kept.input1_offset) * (*value2 + kept.input2_offset);
            *output++ = tnf_clamped_s8(tnf_scaled_small(product, factor), kept.output_offset,
                                       kept.activation_min, kept.activation_max);
            value1 += kept.shape.input1_stride_3;
            value2 += kept.shape.input2_stride_3;
        }
    }
}
