#include "tnf_operands.h"
#include "tnf_requantize.h"

TNF_KERNEL void tnf_prelu_s8(const TNF_FLASH tnf_prelu_t *params, const int8_t *input,
                             int8_t *output)
{
    const TNF_FLASH tnf_broadcast_t *shape = &params->shape;
    for (tnf_operands_t walk = {0}; walk.index_0 < shape->extent_0; tnf_next(shape, &walk)) {
        const int32_t value = input[walk.at1] + params->input_offset;
        if (value >= 0) {
            *output++ =
                tnf_requantize_s8(value, params->positive_multiplier, params->positive_shift,
                                  params->output_offset, INT8_MIN, INT8_MAX);
        } else {
            const int8_t alpha = params->constant[walk.at2];
            *output++ = tnf_requantize_s8(value * (alpha + params->alpha_offset),
                                          params->negative_multiplier, params->negative_shift,
                                          params->output_offset, INT8_MIN, INT8_MAX);
        }
    }
}
