#include "tnf_operands.h"

TNF_KERNEL void tnf_minimum_s32(const TNF_FLASH tnf_maximum_t *params, const tnf_int32_t *input1,
                                const tnf_int32_t *input2, tnf_int32_t *output)
{
    const TNF_FLASH tnf_broadcast_t *shape = &params->shape;
    for (tnf_operands_t walk = {0}; walk.index_0 < shape->extent_0; tnf_next(shape, &walk)) {
        const int32_t value1 = input1[walk.at1];
        const int32_t value2 = TNF_VALUE2(int32_t, params->constant, input2, walk.at2);
        *output++ = value1 < value2 ? value1 : value2;
    }
}
