#include <stddef.h>

#include "tnf_blocks_armv7em.h"

/* Two int16 in a word, the first in its lower half. */
static int32_t word(int32_t low, int32_t high)
{
    return (int32_t)(((uint32_t)low & 0xffffU) | (uint32_t)high << 16);
}

/* Four bytes of both windows, or three and anything. */
static tnf_int32_t *four(tnf_int32_t *pairs, const int8_t *window_0, const int8_t *window_1,
                         int32_t bytes)
{
    *pairs++ = word(window_0[0], window_0[2]);
    *pairs++ = word(window_1[0], window_1[2]);
    *pairs++ = word(window_0[1], bytes == 4 ? window_0[3] : window_0[2] >> 7);
    *pairs++ = word(window_1[1], bytes == 4 ? window_1[3] : window_1[2] >> 7);
    return pairs;
}

TNF_KERNEL tnf_int32_t *tnf_expand_pair_dsp(tnf_int32_t *pairs, const int8_t *window_0,
                                            const int8_t *window_1, const tnf_expand_dsp_t *expand)
{
    tnf_int32_t *single = NULL;
    for (int32_t row = 0; row < expand->rows; row++) {
        const int32_t left = expand->bytes % 4;
        int32_t at = 0;
        for (; at + 4 <= expand->bytes; at += 4) {
            pairs = four(pairs, window_0 + at, window_1 + at, 4);
        }
        if (left == 3) {
            pairs = four(pairs, window_0 + at, window_1 + at, 3);
        } else if (left == 2) {
            *pairs++ = word(window_0[at], window_0[at + 1]);
            *pairs++ = word(window_1[at], window_1[at + 1]);
        } else if (left == 1 && single != NULL) {
            single[0] = word(single[0], window_0[at]);
            single[1] = word(single[1], window_1[at]);
            single = NULL;
        } else if (left == 1) {
            single = pairs;
            *pairs++ = window_0[at];
            *pairs++ = window_1[at];
        }
        if (row + 1 < expand->rows) {
            window_0 += expand->bytes + expand->skip_0;
            window_1 += expand->bytes + expand->skip_1;
        }
    }
    return pairs;
}
