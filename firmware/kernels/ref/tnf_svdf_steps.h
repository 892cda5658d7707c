/* What the kernels of tnf_svdf_t share. Sums wrap to 32 bits, as the runtimes' do. */
#ifndef TNF_SVDF_STEPS_H
#define TNF_SVDF_STEPS_H

#include <stddef.h>

#include "tnf_recurrent.h"
#include "tnf_requantize.h"

/* The newest value of filter number `filter`, limited to [low, high]. */
static inline int32_t tnf_svdf_feature(const TNF_FLASH tnf_svdf_t *params, const int8_t *input,
                                       int32_t filter, int32_t low, int32_t high)
{
    const TNF_FLASH int8_t *weights = params->feature_weights + filter * params->input_depth;
    int32_t sum = 0;
    for (int32_t i = 0; i < params->input_depth; i++) {
        sum += (input[i] + params->input_offset) * weights[i];
    }
    const int32_t value = tnf_requantize(sum, params->state_multiplier, params->state_shift);
    return tnf_clamp((int32_t)((uint32_t)value + (uint32_t)params->state_offset), low, high);
}

static inline uint32_t tnf_svdf_bias(const TNF_FLASH tnf_svdf_t *params, int32_t unit)
{
    return params->bias != NULL ? (uint32_t)params->bias[unit] : 0;
}

static inline int8_t tnf_svdf_output(const TNF_FLASH tnf_svdf_t *params, uint32_t sum)
{
    return tnf_requantize_s8((int32_t)sum, params->output_multiplier, params->output_shift,
                             params->output_offset, INT8_MIN, INT8_MAX);
}

#endif
