/** @file
 * Runs of bytes, as copies and fills of any type have them. */
#ifndef TNF_RUN_H
#define TNF_RUN_H

#include <stdint.h>
#include <string.h>

#include "tnf_flash.h"

/** Runs shorter than this are not worth a call. */
#define TNF_SHORT_RUN 8

/** Moves `bytes`; the output may overlap the input where it starts there or before. */
static inline void tnf_move_run(int8_t *output, const int8_t *input, int32_t bytes)
{
    if (bytes >= TNF_SHORT_RUN) {
        memmove(output, input, (size_t)bytes);
        return;
    }
    for (int32_t i = 0; i < bytes; i++) {
        output[i] = input[i];
    }
}

/** Fills `bytes` with the bytes of `pattern`, over and over. */
static inline void tnf_fill_run(int8_t *output, int32_t pattern, int32_t bytes)
{
    int8_t repeated[sizeof pattern];
    const uint32_t lowest = (uint32_t)pattern & 0xffU;
    if ((uint32_t)pattern == lowest * 0x01010101U) {
        memset(output, (int)lowest, (size_t)bytes);
        return;
    }
    memcpy(repeated, &pattern, sizeof pattern);
    for (int32_t i = 0; i < bytes; i++) {
        output[i] = repeated[(uint32_t)i % sizeof pattern];
    }
}

/** Goes on to the next index, the last axis fastest; false at the end. Rows of `axes` are three
 *  numbers, of which extents[0] is the extent. */
static inline int32_t tnf_next_index(int32_t *index, const TNF_FLASH int32_t *extents,
                                     int32_t count)
{
    for (int32_t place = count - 1; place >= 0; place--) {
        if (++index[place] < extents[3 * place]) {
            return 1;
        }
        index[place] = 0;
    }
    return 0;
}

#endif
