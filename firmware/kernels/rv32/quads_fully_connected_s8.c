#include "tnf_quads.h"
#include "tnf_quads_block.h"

TNF_KERNEL void tnf_quads_fully_connected_s8(const TNF_FLASH tnf_quads_fully_connected_t *params,
                                             const int8_t *input, int8_t *output)
{
    tnf_quads_row_t row;
    row.weights = params->weights;
    row.constants = params->constants;
    row.blocks = (params->output_depth + TNF_QUADS_OUTPUTS - 1) / TNF_QUADS_OUTPUTS;
    row.exact = params->exact;
    row.activation_min = params->activation_min;
    row.activation_max = params->activation_max;
    for (int32_t i = 0; i < params->rows; i++) {
        row.input = input;
        row.output = output;
        tnf_quads_row(&row);
        input += params->input_depth;
        output += params->output_depth;
    }
}
