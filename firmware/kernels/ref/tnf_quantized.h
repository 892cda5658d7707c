/** @file
 * From a float to a quantised value. */
#ifndef TNF_QUANTIZED_H
#define TNF_QUANTIZED_H

#include "tnf_quantize.h"
#include "tnf_requantize.h"

/** Beyond it every quotient is limited: all types here are narrower. */
#define TNF_LARGE_QUOTIENT 1073741824.0F

/** The quantised value nearest to @p real, halves away from zero, within [low, high]. A conversion
 *  to an integer is undefined for what does not fit it, so those are told apart before. */
static inline int32_t tnf_quantized(const TNF_FLASH tnf_affine_t *params, float real, int32_t low,
                                    int32_t high)
{
    const float quotient = real / params->scale;
    if (quotient >= TNF_LARGE_QUOTIENT) {
        return high;
    }
    if (quotient <= -TNF_LARGE_QUOTIENT) {
        return low;
    }
    if (!(quotient < TNF_LARGE_QUOTIENT)) {
        return params->zero_point;
    }
    int32_t whole = (int32_t)quotient;
    const float rest = quotient - (float)whole;
    if (rest >= 0.5F) {
        whole++;
    } else if (rest <= -0.5F) {
        whole--;
    }
    return tnf_clamp(whole + params->zero_point, low, high);
}

#endif
