#include "tnf_depthwise_row.h"
#include "tnf_dsp.h"
#include "tnf_simd.h"

TNF_KERNEL void tnf_depthwise_row_dsp(const tnf_depthwise_row_t *row)
{
    const TNF_FLASH int32_t *factors = row->constants + 1;
    for (int32_t column = 0; column < row->columns; column++) {
        const TNF_FLASH int32_t *words = row->constants + TNF_DEPTHWISE_ROW_HEAD;
        const int8_t *values = row->values + column * row->column_bytes;
        int32_t sum = row->constants[0];
        for (int32_t y = 0; y < row->filter_rows; y++, values += row->row_bytes) {
            for (int32_t pair = 0; pair < row->pairs; pair++) {
                sum = tnf_dsp_smlad(tnf_simd_load(values + 4 * pair), *words++, sum);
            }
        }
        row->output[column * row->pixel_bytes] =
            row->general != 0 ? tnf_dsp_general(2 * sum, factors)
                              : tnf_dsp_short(sum, factors, TNF_DEPTHWISE_ROW_EXPONENT);
    }
}
