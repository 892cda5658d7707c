/** @file
 * The input of the logistic function and of the hyperbolic tangent, as their table takes it. */
#ifndef TNF_SIGMOID_INPUT_H
#define TNF_SIGMOID_INPUT_H

#include "tnf_activation.h"

/** value * multiplier / 2^shift to nearest, halves up. */
static inline int32_t tnf_sigmoid_input(const TNF_FLASH tnf_sigmoid_t *params, int32_t value)
{
    const int32_t half = params->shift > 0 ? (int32_t)1 << (params->shift - 1) : 0;
    return (value * params->multiplier + half) >> params->shift;
}

#endif
