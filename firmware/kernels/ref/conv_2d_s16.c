#include "tnf_conv_s16.h"

TNF_KERNEL void tnf_conv_2d_s16(const TNF_FLASH tnf_conv_2d_s16_t *params, const tnf_int16_t *input,
                                tnf_int16_t *output)
{
    const int32_t row_values = params->input_width * params->input_channels;
    const int32_t row_bytes = row_values * (int32_t)sizeof(tnf_int16_t);
    const int32_t output_size =
        params->output_height * params->output_width * params->output_channels;
    for (int32_t batch = 0; batch < params->batches; batch++) {
        const tnf_rows_t rows = {(const int8_t *)input, row_bytes, params->input_height, 0};
        tnf_conv_2d_rows_s16(params, &rows, 0, params->output_height, (int8_t *)output);
        input += params->input_height * row_values;
        output += output_size;
    }
}
