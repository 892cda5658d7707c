#include "tnf_pairs.h"

TNF_KERNEL void tnf_pairs_pointwise_s8(const TNF_FLASH tnf_pairs_conv_2d_t *params,
                                       const int8_t *input, int8_t *output, int8_t *scratch)
{
    const int32_t row_bytes = params->input_width * params->input_channels;
    const int32_t height = params->batches * params->input_height;
    const tnf_rows_t rows = {input, row_bytes, height, 0};
    tnf_pairs_pointwise_rows_s8(params, &rows, 0, height, output, scratch);
}
