#include "tnf_operands.h"

TNF_KERNEL void tnf_maximum_s16(const TNF_FLASH tnf_maximum_t *params, const tnf_int16_t *input1,
                                const tnf_int16_t *input2, tnf_int16_t *output)
{
    const TNF_FLASH tnf_broadcast_t *shape = &params->shape;
    for (tnf_operands_t walk = {0}; walk.index_0 < shape->extent_0; tnf_next(shape, &walk)) {
        const int16_t value1 = input1[walk.at1];
        const int16_t value2 = TNF_VALUE2(int16_t, params->constant, input2, walk.at2);
        *output++ = value1 > value2 ? value1 : value2;
    }
}
