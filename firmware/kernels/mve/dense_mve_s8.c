#include "tnf_dense_mve.h"

TNF_KERNEL void tnf_dense_mve_s8(const TNF_FLASH tnf_dense_mve_t *params, const int8_t *input,
                                 int8_t *output)
{
    const int32_t depth = params->input_depth;
    int8_t slice[TNF_DENSE_SLICE] = {0};
    tnf_dense_t dense = {
        params->weights,
        input,
        output,
        input,
        (depth + TNF_DENSE_SLICE - 1) / TNF_DENSE_SLICE,
        params->output_depth,
        params->shift,
        params->exact,
        params->output_offset,
        params->activation_min,
        params->activation_max,
    };
    for (int32_t row = 0; row < params->rows; row++) {
        dense.last = input + depth - TNF_DENSE_SLICE;
        if (depth < TNF_DENSE_SLICE) {
            for (int32_t i = 0; i < depth; i++) {
                slice[i] = input[i];
            }
            dense.last = slice;
        }
        dense.values = input;
        dense.output = output;
        tnf_dense_s8(&dense);
        input += depth;
        output += params->output_depth;
    }
}
