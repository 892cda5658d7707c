/** @file
 * Where the tables of a gather or scatter point to. */
#ifndef TNF_PLACES_H
#define TNF_PLACES_H

#include "tnf_gather.h"
#include "tnf_run.h"

/** What index `index` of the axis at `place` adds to an offset. */
static inline int32_t tnf_axis_offset(const TNF_FLASH tnf_gather_t *params, int32_t place,
                                      int32_t index)
{
    const TNF_FLASH int32_t *const axis = params->axes + 3 * place;
    return axis[1] * (axis[2] < 0 ? index : params->tables[axis[2] + index]);
}

/** The offset of the first run of the innermost axis, from the indices of the others. */
static inline int32_t tnf_row_offset(const TNF_FLASH tnf_gather_t *params, const int32_t *index)
{
    int32_t offset = 0;
    for (int32_t place = 0; place < params->count - 1; place++) {
        offset += tnf_axis_offset(params, place, index[place]);
    }
    return offset;
}

#endif
