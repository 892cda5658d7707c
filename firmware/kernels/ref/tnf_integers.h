/** @file
 * Integers of 1, 2 or 4 bytes in a buffer of bytes. */
#ifndef TNF_INTEGERS_H
#define TNF_INTEGERS_H

#include "tnf_kernels.h"

/** Number @p i of the integers of @p bytes each. */
static inline int32_t tnf_load(const int8_t *buffer, int32_t i, int32_t bytes)
{
    if (bytes == 1) {
        return buffer[i];
    }
    if (bytes == 2) {
        return ((const tnf_int16_t *)(const void *)buffer)[i];
    }
    return ((const tnf_int32_t *)(const void *)buffer)[i];
}

/** Store the lower bits of @p value as number @p i of the integers of @p bytes each. */
static inline void tnf_store(int8_t *buffer, int32_t i, int32_t bytes, int32_t value)
{
    if (bytes == 1) {
        buffer[i] = (int8_t)value;
    } else if (bytes == 2) {
        ((tnf_int16_t *)(void *)buffer)[i] = (int16_t)value;
    } else {
        ((tnf_int32_t *)(void *)buffer)[i] = value;
    }
}

#endif
