#include "tnf_mac16_output.h"

/* 256 times the unit's sum. It wraps on the way, not at the end. */
static int32_t unit_sum(const tnf_mac16_units_t *units, const TNF_FLASH int32_t *weights,
                        int32_t bias)
{
    const tnf_int16_t *value = units->values;
    uint32_t sum = (uint32_t)bias + (uint32_t)units->bias;
    for (int32_t quad = 0; quad < units->quads; quad++) {
        const uint32_t word = (uint32_t)weights[quad];
        sum += (uint32_t)(value[0] * (int16_t)(uint16_t)(word & 0xFFFFu));
        sum += (uint32_t)(value[1] * (int16_t)(uint16_t)(word >> 16));
        sum += (uint32_t)(value[2] * (int32_t)(word & 0xFFu));
        sum += (uint32_t)(value[3] * (int32_t)(word >> 16 & 0xFFu));
        value += 4;
    }
    return (int32_t)sum;
}

TNF_KERNEL void tnf_mac16_units(const tnf_mac16_units_t *units)
{
    const TNF_FLASH int32_t *weights = units->weights;
    for (int32_t unit = 0; unit < units->units; unit++) {
        const tnf_mac16_channel_t *channel = units->channel + unit;
        const int32_t sum = unit_sum(units, weights, channel->bias);
        units->output[unit] = tnf_channel_output(channel, sum, 8, units->low, units->high);
        weights += units->quads;
    }
}
