/* A row of a depthwise convolution of 3x3, in C. */
#ifndef TNF_DEPTHWISE_ROW_H
#define TNF_DEPTHWISE_ROW_H

#include "tnf_depthwise_block.h"
#include "tnf_twin_rounding.h"

static void twin_row(const tnf_depthwise_row_t *row, int32_t stride)
{
    for (int32_t channel = 0; channel < row->channels; channel++) {
        const int8_t *weights = row->weights + channel * 9;
        const int32_t *constants = row->constants + channel * 4;
        for (int32_t i = 0; i * row->channels < row->output_bytes; i++) {
            int32_t sum = constants[0];
            for (int32_t k = 0; k < 9; k++) {
                const int32_t x = i * stride + k % 3;
                sum += row->rows[k / 3][x * row->channels + channel] * weights[k];
            }
            const int32_t value =
                constants[1] < 0 ? twin_exact(sum, constants + 1) : twin_short(sum, constants + 1);
            row->output[i * row->channels + channel] =
                twin_clamped(value, row->activation_min, row->activation_max);
        }
    }
}

#endif
