/* Scratch that is filled or moved by words, from C. */
#ifndef TNF_MAC16_FILL_H
#define TNF_MAC16_FILL_H

#include <stdint.h>

#include "tnf_types.h"

/* `values` times the same value, an even number of them. */
static inline void tnf_mac16_fill_pairs(tnf_int16_t *to, int32_t values, int32_t value)
{
    const int32_t pair = value * 0x00010001;
    tnf_int32_t *word = (tnf_int32_t *)(void *)to;
    for (int32_t left = values >> 1; left > 0; left--) {
        *word++ = pair;
    }
}

/* An even number of values to an address before theirs. */
static inline void tnf_mac16_move_pairs(tnf_int16_t *to, const tnf_int16_t *from, int32_t values)
{
    tnf_int32_t *word = (tnf_int32_t *)(void *)to;
    const tnf_int32_t *source = (const tnf_int32_t *)(const void *)from;
    for (int32_t left = values >> 1; left > 0; left--) {
        *word++ = *source++;
    }
}

#endif
