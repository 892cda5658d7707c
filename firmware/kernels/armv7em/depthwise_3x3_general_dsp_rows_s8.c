#include "tnf_depthwise_armv7em.h"
#include "tnf_depthwise_planes.h"

#define WORDS 7

static void step(tnf_planes_step_t *planes)
{
    tnf_depthwise_step_1_general_dsp(planes);
}

TNF_KERNEL void
tnf_depthwise_3x3_general_dsp_rows_s8(const TNF_FLASH tnf_depthwise_3x3_dsp_t *params,
                                      const tnf_rows_t *input, int32_t first, int32_t end,
                                      int8_t *output, int8_t *scratch)
{
    tnf_depthwise_bands_dsp(step, WORDS, params, input, first, end, output, scratch);
}
