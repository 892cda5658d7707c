#include "tnf_operands.h"

TNF_KERNEL void tnf_minimum_s8(const TNF_FLASH tnf_maximum_t *params, const int8_t *input1,
                               const int8_t *input2, int8_t *output)
{
    const TNF_FLASH tnf_broadcast_t *shape = &params->shape;
    for (tnf_operands_t walk = {0}; walk.index_0 < shape->extent_0; tnf_next(shape, &walk)) {
        const int8_t value1 = input1[walk.at1];
        const int8_t value2 = TNF_VALUE2(int8_t, params->constant, input2, walk.at2);
        *output++ = value1 < value2 ? value1 : value2;
    }
}
