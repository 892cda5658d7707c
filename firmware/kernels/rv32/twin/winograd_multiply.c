/* The products of Winograd's convolution, in C. */
#include "tnf_winograd_block.h"

TNF_KERNEL void tnf_winograd_multiply(const tnf_int16_t *tiles, const int16_t *weights,
                                      tnf_int32_t *sums, int32_t channels)
{
    for (int32_t place = 0; place < TNF_WINOGRAD_PLACES; place++) {
        for (int32_t output = 0; output < TNF_WINOGRAD_OUTPUTS; output++) {
            for (int32_t tile = 0; tile < TNF_WINOGRAD_TILES; tile++) {
                int32_t sum = 0;
                for (int32_t c = 0; c < channels; c++) {
                    sum += tiles[(c * TNF_WINOGRAD_PLACES + place) * TNF_WINOGRAD_TILES + tile] *
                           weights[c * TNF_WINOGRAD_OUTPUTS + output];
                }
                *sums++ = sum;
            }
        }
        weights += channels * TNF_WINOGRAD_OUTPUTS;
    }
}
