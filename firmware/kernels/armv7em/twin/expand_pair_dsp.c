#include "tnf_blocks_armv7em.h"

/* Two int16 in a word, the first in its lower half. */
static int32_t word(int32_t low, int32_t high)
{
    return (int32_t)(((uint32_t)low & 0xffffU) | (uint32_t)high << 16);
}

TNF_KERNEL tnf_int32_t *tnf_expand_pair_dsp(tnf_int32_t *pairs, const int8_t *window_0,
                                            const int8_t *window_1, const tnf_expand_dsp_t *expand)
{
    for (int32_t row = 0; row < expand->rows; row++) {
        int32_t left = expand->bytes;
        for (; left >= 3; left -= 4) {
            const int8_t last_0 = left == 3 ? (window_0[2] < 0 ? -1 : 0) : window_0[3];
            const int8_t last_1 = left == 3 ? (window_1[2] < 0 ? -1 : 0) : window_1[3];
            *pairs++ = word(window_0[0], window_0[2]);
            *pairs++ = word(window_1[0], window_1[2]);
            *pairs++ = word(window_0[1], last_0);
            *pairs++ = word(window_1[1], last_1);
            window_0 += left == 3 ? 3 : 4;
            window_1 += left == 3 ? 3 : 4;
        }
        if (left > 0) {
            *pairs++ = word(window_0[0], left == 2 ? window_0[1] : window_0[0] < 0 ? -1 : 0);
            *pairs++ = word(window_1[0], left == 2 ? window_1[1] : window_1[0] < 0 ? -1 : 0);
            window_0 += left;
            window_1 += left;
        }
        if (row + 1 < expand->rows) {
            window_0 += expand->skip_0;
            window_1 += expand->skip_1;
        }
    }
    return pairs;
}
