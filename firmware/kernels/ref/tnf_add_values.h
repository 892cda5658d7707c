/* The arithmetic of sums and differences, for all types. */
#ifndef TNF_ADD_VALUES_H
#define TNF_ADD_VALUES_H

#include "tnf_binary.h"
#include "tnf_requantize.h"

/* A value of the first operand in the scale that holds both. */
static inline int32_t tnf_add_scaled1(const TNF_FLASH tnf_add_t *params, int32_t value)
{
    return tnf_requantize(tnf_shift_left(value + params->input1_offset, params->left_shift),
                          params->input1_multiplier, params->input1_shift);
}

/* The same of the second operand. */
static inline int32_t tnf_add_scaled2(const TNF_FLASH tnf_add_t *params, int32_t value)
{
    return tnf_requantize(tnf_shift_left(value + params->input2_offset, params->left_shift),
                          params->input2_multiplier, params->input2_shift);
}

/* A result as a value of the output. */
static inline int32_t tnf_add_output(const TNF_FLASH tnf_add_t *params, int32_t value)
{
    const int32_t scaled = tnf_requantize(value, params->output_multiplier, params->output_shift);
    return tnf_clamp((int32_t)((uint32_t)scaled + (uint32_t)params->output_offset),
                     params->activation_min, params->activation_max);
}

#endif
