#include "tnf_fast.h"
#include "tnf_operand_rows.h"
#include "tnf_requantize.h"

TNF_KERNEL TNF_FAST void tnf_prelu_s8(const TNF_FLASH tnf_prelu_t *params, const int8_t *input,
                                      int8_t *output)
{
    const tnf_prelu_t kept = *params;
    for (tnf_operand_row_t row = {0}; row.index_0 < kept.shape.extent_0;
         tnf_next_row(&kept.shape, &row)) {
        const int8_t *from = input + row.at1;
        const TNF_FLASH int8_t *alpha = kept.constant + row.at2;
        for (int32_t i = 0; i < kept.shape.extent_3; i++) {
            const int32_t value = *from + kept.input_offset;
            const int32_t positive = value >= 0;
            *output++ =
                tnf_requantize_s8(positive ? value : value * (*alpha + kept.alpha_offset),
                                  positive ? kept.positive_multiplier : kept.negative_multiplier,
                                  positive ? kept.positive_shift : kept.negative_shift,
                                  kept.output_offset, INT8_MIN, INT8_MAX);
            from += kept.shape.input1_stride_3;
            alpha += kept.shape.input2_stride_3;
        }
    }
}
