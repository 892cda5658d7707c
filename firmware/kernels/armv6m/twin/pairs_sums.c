#include "tnf_pairs.h"

/* In words as the assembly does it: the upper sum is read off each group's word, the lower one is
 * what the words leave. */
TNF_KERNEL const TNF_FLASH uint8_t *tnf_pairs_sums(const tnf_int32_t *values,
                                                   const TNF_FLASH uint8_t *stream,
                                                   tnf_int32_t *sums, int32_t channels,
                                                   int32_t words)
{
    for (int32_t channel = 0; channel < channels; channel++) {
        const int32_t groups = stream[0] | stream[1] << 8;
        for (int32_t j = 0; j < words; j++) {
            const tnf_int32_t *value = values + j;
            const TNF_FLASH uint8_t *next = stream + 2;
            uint32_t total = 0;
            uint32_t upper = 0;
            for (int32_t group = 0; group < groups; group++) {
                const int32_t more = next[1];
                uint32_t word = 0x8000U;
                for (int32_t i = 0; i <= more; i++) {
                    const int8_t weight = (int8_t)next[i == 0 ? 0 : i + 1];
                    word += (uint32_t)*value * (uint32_t)weight;
                    value += words;
                }
                next += more + 2;
                total += word - 0x8000U;
                upper += (uint32_t)((int32_t)word >> 16);
            }
            sums[j] = (int32_t)(total - (upper << 16));
            sums[j + words] = (int32_t)upper;
        }
        for (int32_t group = 0, at = 2; group < groups || (stream += at, 0); group++) {
            at += stream[at + 1] + 2;
        }
        sums += 2 * words;
    }
    return stream;
}
