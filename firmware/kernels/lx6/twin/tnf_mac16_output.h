/* How a sum becomes an output, in C; see tnf_mac16_channel_t. */
#ifndef TNF_MAC16_OUTPUT_H
#define TNF_MAC16_OUTPUT_H

#include "tnf_mac16_parts.h"

static inline int32_t tnf_high_product(int32_t x, int32_t y)
{
    return (int32_t)(((int64_t)x * y) >> 32);
}

static inline int32_t tnf_clamped(int32_t value, int32_t low, int32_t high)
{
    return value < low ? low : (value > high ? high : value);
}

/* `sum` times 2^-drop, as an output; drop is 0 or 8, and the sum a multiple of 2^drop. */
static inline int8_t tnf_channel_output(const tnf_mac16_channel_t *channel, int32_t sum,
                                        int32_t drop, int32_t low, int32_t high)
{
    if (channel->shift == 0) {
        const int32_t product = tnf_high_product(sum >> drop, channel->multiplier);
        return (int8_t)tnf_clamped(product + channel->constant, INT8_MIN, INT8_MAX);
    }
    const int32_t four = drop != 0 ? sum >> (drop - 2) : sum * 4;
    int32_t value = tnf_high_product(four, channel->multiplier);
    value += (four < 0 ? -2 : 0) + channel->constant;
    return (int8_t)tnf_clamped(value >> channel->shift, low, high);
}

#endif
