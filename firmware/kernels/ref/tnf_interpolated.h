/** @file
 * A function of int16 from a table of 513 points with straight lines between them. */
#ifndef TNF_INTERPOLATED_H
#define TNF_INTERPOLATED_H

#include <stdint.h>

#include "tnf_flash.h"

/** The function at @p value: the line from one point to the next over 128 values. The difference of
 *  two points and the result wrap to 16 bits. */
static inline int16_t tnf_interpolated_s16(const TNF_FLASH int16_t *table, int32_t value)
{
    const TNF_FLASH int16_t *point = table + ((value - INT16_MIN) >> 7);
    const int32_t slope = (int16_t)((int32_t)point[1] - point[0]);
    return (int16_t)(point[0] + ((slope * (value & 127) + 64) >> 7));
}

#endif
