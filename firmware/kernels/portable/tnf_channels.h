/** @file
 * From the sums of several channels to their outputs, for all operators with weights. */
#ifndef TNF_CHANNELS_H
#define TNF_CHANNELS_H

#include <stddef.h>

#include "tnf_exact.h"
#include "tnf_fast.h"
#include "tnf_kernels.h"

/** What the parameter structs of these operators have in common. */
typedef struct tnf_channels {
    const TNF_FLASH int32_t *bias;
    const TNF_FLASH int32_t *multiplier;
    const TNF_FLASH int8_t *shift;
    int32_t scale_step;
    int32_t output_offset;
    int32_t activation_min;
    int32_t activation_max;
} tnf_channels_t;

#define TNF_CHANNELS(params)                                                                       \
    {(params)->bias,          (params)->multiplier,    (params)->shift,                            \
     (params)->scale_step,    (params)->output_offset, (params)->activation_min,                   \
     (params)->activation_max}

/** Writes the outputs of `count` channels, from `channel` on. */
static TNF_FAST void tnf_finish(const tnf_channels_t *channels, int32_t channel, int32_t count,
                                const int32_t *sums, int8_t *output)
{
    const tnf_channels_t kept = *channels;
    const TNF_FLASH int32_t *multiplier = kept.multiplier + channel * kept.scale_step;
    const TNF_FLASH int8_t *shift = kept.shift + channel * kept.scale_step;
    for (int32_t i = 0; i < count; i++) {
        const int32_t bias = kept.bias != NULL ? kept.bias[channel + i] : 0;
        const int32_t scaled = tnf_scaled(sums[i] + bias, tnf_factor(*multiplier, *shift));
        output[i] =
            tnf_clamped_s8(scaled, kept.output_offset, kept.activation_min, kept.activation_max);
        multiplier += kept.scale_step;
        shift += kept.scale_step;
    }
}

#endif
