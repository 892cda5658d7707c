#include "tnf_operands.h"
#include "tnf_requantize.h"

TNF_KERNEL void tnf_prelu_s16(const TNF_FLASH tnf_prelu_t *params, const tnf_int16_t *input,
                              tnf_int16_t *output)
{
    const TNF_FLASH tnf_broadcast_t *shape = &params->shape;
    for (tnf_operands_t walk = {0}; walk.index_0 < shape->extent_0; tnf_next(shape, &walk)) {
        int32_t value = input[walk.at1];
        if (value >= 0) {
            value = tnf_requantize(value, params->positive_multiplier, params->positive_shift);
        } else {
            const int8_t alpha = params->constant[walk.at2];
            value = tnf_requantize(value * (alpha + params->alpha_offset),
                                   params->negative_multiplier, params->negative_shift);
        }
        *output++ = (int16_t)tnf_clamp(value, INT16_MIN, INT16_MAX);
    }
}
