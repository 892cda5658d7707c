#include <stddef.h>

#include "tnf_pairs.h"

TNF_KERNEL const TNF_FLASH int8_t *tnf_taps_sums(const tnf_taps_t *taps,
                                                 const TNF_FLASH int8_t *weights, tnf_int32_t *sums,
                                                 int32_t first, int32_t channels)
{
    for (int32_t channel = first; channel < first + channels; channel++) {
        for (int32_t pixel = 0; pixel < TNF_TAPS_PIXELS; pixel++) {
            sums[pixel] = 0;
        }
        for (const uint8_t *const *row = taps->rows; *row != NULL; row++) {
            for (int32_t pixel = 0; pixel < TNF_TAPS_PIXELS; pixel++) {
                for (int32_t i = 0; i < TNF_TAPS; i++) {
                    const int32_t column = pixel * taps->stride + i;
                    sums[pixel] += (*row)[channel * taps->pitch + column] * weights[i];
                }
            }
            weights += TNF_TAPS;
        }
        sums += TNF_TAPS_PIXELS;
    }
    return weights;
}
