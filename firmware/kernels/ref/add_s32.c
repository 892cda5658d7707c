#include "tnf_operands.h"
#include "tnf_requantize.h"

TNF_KERNEL void tnf_add_s32(const TNF_FLASH tnf_integers_t *params, const tnf_int32_t *input1,
                            const tnf_int32_t *input2, tnf_int32_t *output)
{
    const TNF_FLASH tnf_broadcast_t *shape = &params->shape;
    for (tnf_operands_t walk = {0}; walk.index_0 < shape->extent_0; tnf_next(shape, &walk)) {
        const int32_t value1 = input1[walk.at1];
        const int32_t value2 = TNF_VALUE2(int32_t, params->constant, input2, walk.at2);
        const uint32_t result = (uint32_t)value1 * (uint32_t)params->input1_sign +
                                (uint32_t)value2 * (uint32_t)params->input2_sign;
        *output++ = tnf_clamp((int32_t)result, params->activation_min, params->activation_max);
    }
}
