#include "tnf_depthwise_step.h"

#define WORDS 7

TNF_KERNEL void tnf_depthwise_step_2_general_dsp(tnf_planes_step_t *step)
{
    const int32_t columns = step->block_bytes / TNF_PLANES_PAIR + step->columns;
    do {
        const TNF_FLASH int32_t *factors = step->constants + TNF_STEP_WEIGHTS + 1;
        for (int32_t column = 0; column < columns; column++) {
            const int32_t sum = tnf_step_2_sum(step, column);
            step->output[column * step->pixel_bytes] = tnf_dsp_general(2 * sum, factors);
        }
    } while (tnf_step_next(step, WORDS));
}
