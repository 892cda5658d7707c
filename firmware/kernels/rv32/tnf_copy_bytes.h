/* Bytes from one place to another, by words where both lie on them. */
#ifndef TNF_COPY_BYTES_H
#define TNF_COPY_BYTES_H

#include "tnf_types.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O2", "no-tree-loop-distribute-patterns")
#endif

static inline void tnf_copy_bytes(int8_t *to, const int8_t *from, int32_t count)
{
    if ((((uintptr_t)to | (uintptr_t)from) & 3U) == 0U) {
        tnf_int32_t *words = (tnf_int32_t *)(void *)to;
        const tnf_int32_t *read = (const tnf_int32_t *)(const void *)from;
        for (; count >= 16; count -= 16) {
            const int32_t a = read[0];
            const int32_t b = read[1];
            const int32_t c = read[2];
            const int32_t d = read[3];
            words[0] = a;
            words[1] = b;
            words[2] = c;
            words[3] = d;
            words += 4;
            read += 4;
        }
        to = (int8_t *)words;
        from = (const int8_t *)read;
    }
    for (; count >= 4; count -= 4) {
        const int8_t a = from[0];
        const int8_t b = from[1];
        const int8_t c = from[2];
        const int8_t d = from[3];
        to[0] = a;
        to[1] = b;
        to[2] = c;
        to[3] = d;
        to += 4;
        from += 4;
    }
    for (; count > 0; count--) {
        *to++ = *from++;
    }
}

static inline void tnf_fill_bytes(int8_t *to, int32_t value, int32_t count)
{
    for (; count > 0; count--) {
        *to++ = (int8_t)value;
    }
}

#endif
