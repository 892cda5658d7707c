#include "tnf_add_values.h"
#include "tnf_operands.h"

TNF_KERNEL void tnf_squared_difference_s16(const TNF_FLASH tnf_add_t *params,
                                           const tnf_int16_t *input1, const tnf_int16_t *input2,
                                           tnf_int16_t *output)
{
    const TNF_FLASH tnf_broadcast_t *shape = &params->shape;
    for (tnf_operands_t walk = {0}; walk.index_0 < shape->extent_0; tnf_next(shape, &walk)) {
        const int16_t value1 = input1[walk.at1];
        const int16_t value2 = TNF_VALUE2(int16_t, params->constant, input2, walk.at2);
        const int32_t difference =
            tnf_add_scaled1(params, value1) - tnf_add_scaled2(params, value2);
        *output++ = (int16_t)tnf_add_output(params, difference * difference);
    }
}
