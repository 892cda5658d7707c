#include "tnf_pairs.h"

/* Bytes of weights, every other one, as two values in a word. */
#define EVERY_OTHER 0x00FF00FFU
/* What a word of such bytes has more than its weights. */
#define MORE 0x00800080U

/* In words as the assembly does it. */
TNF_KERNEL const TNF_FLASH int32_t *tnf_row_sums(const int8_t *values,
                                                 const TNF_FLASH int32_t *stream, tnf_int32_t *sums)
{
    uint32_t totals[4] = {0, 0, 0, 0};
    uint32_t upper[4] = {0, 0, 0, 0};
    for (int32_t groups = *stream++; groups != 0; groups--) {
        uint32_t words[4] = {0, 0, 0, 0};
        uint32_t sum = 0;
        for (int32_t left = *stream++; left != 0; left--) {
            const uint32_t value = (uint32_t)*values++;
            for (int32_t half = 0; half < 2; half++) {
                const uint32_t weights = (uint32_t)*stream++;
                words[2 * half] += value * (weights & EVERY_OTHER);
                words[2 * half + 1] += value * (weights >> 8 & EVERY_OTHER);
            }
            sum += value;
        }
        for (int32_t i = 0; i < 4; i++) {
            const uint32_t word = words[i] - sum * MORE;
            totals[i] += word;
            upper[i] += (uint32_t)((int32_t)(word + 0x8000U) >> 16);
        }
    }
    for (int32_t i = 0; i < 4; i++) {
        sums[i] = (int32_t)(totals[i] - (upper[i] << 16));
        sums[i + 4] = (int32_t)upper[i];
    }
    return stream;
}
