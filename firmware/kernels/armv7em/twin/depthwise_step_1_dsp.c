#include "tnf_depthwise_step.h"

static int8_t compute(const tnf_planes_step_t *step, int32_t row, int32_t column)
{
    const TNF_FLASH int32_t *constants = step->constants;
    int32_t sum = constants[TNF_STEP_WEIGHTS];
    for (int32_t y = 0; y < 3; y++) {
        const int32_t weights = constants[y];
        sum += tnf_step_value(step, row + y, column) * tnf_step_byte(weights, 0);
        sum += tnf_step_value(step, row + y, column + 1) * tnf_step_byte(weights, 2);
        sum += tnf_step_value(step, row + y, column + 2) * tnf_step_byte(weights, 3);
    }
    return tnf_step_requantize(sum, constants + TNF_STEP_WEIGHTS + 1);
}

TNF_KERNEL void tnf_depthwise_step_1_dsp(tnf_planes_step_t *step)
{
    const int32_t columns = 2 * step->block_bytes / TNF_PLANES_PAIR + step->columns;
    do {
        for (int32_t row = 0; row < step->rows; row++) {
            for (int32_t column = 0; column < columns; column++) {
                step->output[row * step->row_bytes + column * step->pixel_bytes] =
                    compute(step, row, column);
            }
        }
    } while (tnf_step_next(step));
}
