/** @file
 * A change of scale and zero point for one value of any integer type. */
#ifndef TNF_RESCALED_H
#define TNF_RESCALED_H

#include "tnf_quantize.h"
#include "tnf_requantize.h"

/** @p value in the output's scale, clamped to the output's range. Both offsets wrap to 32 bits. */
static inline int32_t tnf_rescaled(const TNF_FLASH tnf_rescale_t *params, int32_t value)
{
    const int32_t from_zero = (int32_t)((uint32_t)value + (uint32_t)params->input_offset);
    const int32_t scaled = tnf_requantize(from_zero, params->multiplier, params->shift);
    return tnf_clamp((int32_t)((uint32_t)scaled + (uint32_t)params->output_offset),
                     params->activation_min, params->activation_max);
}

#endif
