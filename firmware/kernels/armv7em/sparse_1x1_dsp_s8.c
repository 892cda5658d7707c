#include "tnf_sparse_armv7em.h"

/* All pixels are one row. */
TNF_KERNEL void tnf_sparse_1x1_dsp_s8(const TNF_FLASH tnf_sparse_1x1_dsp_t *params,
                                      const int8_t *input, int8_t *output, int8_t *scratch)
{
    tnf_sparse_1x1_dsp_t flat = *params;
    flat.input_width = params->batches * params->input_height * params->input_width;
    const tnf_rows_t rows = {input, flat.input_width * flat.input_channels, 1, 0};
    tnf_sparse_1x1_dsp_rows_s8(&flat, &rows, 0, 1, output, scratch);
}
