#include "tnf_copy.h"

TNF_KERNEL void tnf_copy_constant(const TNF_FLASH tnf_copy_constant_t *params, int8_t *output)
{
    const TNF_FLASH int8_t *constant = params->constant;
    int32_t row = params->output_offset;
    for (int32_t i = 0; i < params->rows; i++) {
        for (int32_t place = 0; place < params->bytes; place++) {
            output[row + place] = *constant++;
        }
        row += params->output_stride;
    }
}
