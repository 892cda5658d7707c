/* The arithmetic of both additions: of two tensors, and of a tensor and a constant, which may be in
 * another memory. */
#ifndef TNF_ADD_VALUES_H
#define TNF_ADD_VALUES_H

#include "tnf_add.h"
#include "tnf_requantize.h"

static inline int32_t tnf_add_scaled(int8_t value, int32_t offset, int32_t left_shift,
                                     int32_t multiplier, int32_t shift)
{
    return tnf_requantize(tnf_shift_left(value + offset, left_shift), multiplier, shift);
}

/* The sum of two values, each in its tensor's scale. */
static inline int8_t tnf_add_values(const TNF_FLASH tnf_add_t *params, int8_t value1, int8_t value2)
{
    const int32_t sum = tnf_add_scaled(value1, params->input1_offset, params->left_shift,
                                       params->input1_multiplier, params->input1_shift) +
                        tnf_add_scaled(value2, params->input2_offset, params->left_shift,
                                       params->input2_multiplier, params->input2_shift);
    return tnf_requantize_s8(sum, params->output_multiplier, params->output_shift,
                             params->output_offset, params->activation_min, params->activation_max);
}

#endif
