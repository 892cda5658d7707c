#include "tnf_depthwise_armv7em.h"

TNF_KERNEL void tnf_depthwise_3x3_general_dsp_s8(const TNF_FLASH tnf_depthwise_3x3_dsp_t *params,
                                                 const int8_t *input, int8_t *output,
                                                 int8_t *scratch)
{
    const int32_t row_bytes = params->input_width * params->input_channels;
    const int32_t output_bytes =
        params->output_height * params->output_width * params->input_channels;
    for (int32_t batch = 0; batch < params->batches; batch++) {
        const tnf_rows_t rows = {input, row_bytes, params->input_height, 0};
        tnf_depthwise_3x3_general_dsp_rows_s8(params, &rows, 0, params->output_height, output,
                                              scratch);
        input += params->input_height * row_bytes;
        output += output_bytes;
    }
}
