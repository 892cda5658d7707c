/* Weights of 4 bits, two in a byte, the first in its lower half; unpacked as they are used. */
#ifndef TNF_DOT_S4_H
#define TNF_DOT_S4_H

#include "tnf_kernels.h"

/* Sign extension of the lower half of a byte. */
static inline int32_t tnf_low_half(int32_t byte)
{
    return ((byte & 15) ^ 8) - 8;
}

/* The weight at `index`. */
static inline int32_t tnf_weight_s4(const TNF_FLASH int8_t *packed, int32_t index)
{
    const int32_t byte = packed[index >> 1];
    return (index & 1) != 0 ? byte >> 4 : tnf_low_half(byte);
}

/* The products of `count` activations with the weights from `first` on, a byte at a time. */
static inline int32_t tnf_dot_s4(const int8_t *values, int32_t offset,
                                 const TNF_FLASH int8_t *packed, int32_t first, int32_t count)
{
    const TNF_FLASH int8_t *bytes = packed + (first >> 1);
    int32_t sum = 0;
    int32_t i = 0;
    if ((first & 1) != 0 && count > 0) {
        sum += (values[i++] + offset) * (*bytes++ >> 4);
    }
    for (; i + 1 < count; i += 2) {
        const int32_t byte = *bytes++;
        sum += (values[i] + offset) * tnf_low_half(byte);
        sum += (values[i + 1] + offset) * (byte >> 4);
    }
    if (i < count) {
        sum += (values[i] + offset) * tnf_low_half(*bytes);
    }
    return sum;
}

#endif
