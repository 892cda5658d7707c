#include "tnf_depthwise_step.h"

#define WORDS 6

TNF_KERNEL void tnf_depthwise_step_1_dsp(tnf_planes_step_t *step)
{
    const int32_t columns = 2 * step->block_bytes / TNF_PLANES_PAIR + step->columns;
    do {
        const TNF_FLASH int32_t *factors = step->constants + TNF_STEP_WEIGHTS + 1;
        for (int32_t row = 0; row < step->rows; row++) {
            for (int32_t column = 0; column < columns; column++) {
                const int32_t sum = tnf_step_1_sum(step, row, column);
                step->output[row * step->row_bytes + column * step->pixel_bytes] =
                    tnf_dsp_short(sum, factors, TNF_STEP_EXPONENT);
            }
        }
    } while (tnf_step_next(step, WORDS));
}
