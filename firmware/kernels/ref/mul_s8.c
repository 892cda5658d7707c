#include "tnf_operands.h"
#include "tnf_requantize.h"

TNF_KERNEL void tnf_mul_s8(const TNF_FLASH tnf_mul_t *params, const int8_t *input1,
                           const int8_t *input2, int8_t *output)
{
    const TNF_FLASH tnf_broadcast_t *shape = &params->shape;
    for (tnf_operands_t walk = {0}; walk.index_0 < shape->extent_0; tnf_next(shape, &walk)) {
        const int8_t value1 = input1[walk.at1];
        const int8_t value2 = TNF_VALUE2(int8_t, params->constant, input2, walk.at2);
        const int32_t product = (value1 + params->input1_offset) * (value2 + params->input2_offset);
        const int32_t scaled = tnf_requantize(product, params->multiplier, params->shift);
        *output++ = (int8_t)tnf_clamp((int32_t)((uint32_t)scaled + (uint32_t)params->output_offset),
                                      params->activation_min, params->activation_max);
    }
}
