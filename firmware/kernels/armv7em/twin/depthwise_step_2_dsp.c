#include "tnf_depthwise_step.h"

#define WEIGHTS 5
#define WORDS 8

static int8_t compute(const tnf_planes_step_t *step, int32_t column)
{
    const TNF_FLASH int32_t *constants = step->constants;
    int32_t sum = constants[WEIGHTS];
    for (int32_t y = 0; y < 3; y++) {
        const int32_t w2 = tnf_step_half(constants[y < 2 ? 3 : 4], y % 2);
        sum += tnf_step_value(step, y, 2 * column) * tnf_step_half(constants[y], 0);
        sum += tnf_step_value(step, y, 2 * column + 1) * tnf_step_half(constants[y], 1);
        sum += tnf_step_value(step, y, 2 * column + 2) * w2;
    }
    return tnf_step_requantize(sum, constants + WEIGHTS + 1);
}

TNF_KERNEL void tnf_depthwise_step_2_dsp(tnf_planes_step_t *step)
{
    const int32_t columns = step->block_bytes / TNF_PLANES_PAIR + step->columns;
    do {
        for (int32_t column = 0; column < columns; column++) {
            step->output[column * step->pixel_bytes] = compute(step, column);
        }
    } while (tnf_step_next(step, WORDS));
}
