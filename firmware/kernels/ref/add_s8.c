#include "tnf_add_values.h"
#include "tnf_operands.h"

TNF_KERNEL void tnf_add_s8(const TNF_FLASH tnf_add_t *params, const int8_t *input1,
                           const int8_t *input2, int8_t *output)
{
    const TNF_FLASH tnf_broadcast_t *shape = &params->shape;
    for (tnf_operands_t walk = {0}; walk.index_0 < shape->extent_0; tnf_next(shape, &walk)) {
        const int8_t value1 = input1[walk.at1];
        const int8_t value2 = TNF_VALUE2(int8_t, params->constant, input2, walk.at2);
        *output++ = (int8_t)tnf_add_output(params, tnf_add_scaled1(params, value1) +
                                                       tnf_add_scaled2(params, value2));
    }
}
