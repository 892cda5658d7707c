/* The end of Winograd's convolution, in C. */
#include "tnf_twin_rounding.h"
#include "tnf_winograd_block.h"

#define PLACE (TNF_WINOGRAD_OUTPUTS * TNF_WINOGRAD_TILES)

static void twin_tile(const tnf_int32_t *sums, int32_t bias, const int32_t *factor,
                      const tnf_winograd_target_t *target, int32_t step, int8_t *output)
{
    int32_t halves[2][4];
    for (int32_t j = 0; j < 4; j++) {
        const int32_t b = sums[(4 + j) * PLACE];
        const int32_t c = sums[(8 + j) * PLACE];
        halves[0][j] = sums[j * PLACE] + b + c;
        halves[1][j] = b - c - sums[(12 + j) * PLACE];
    }
    for (int32_t row = 1; row >= 0; row--) {
        for (int32_t column = 1; column >= 0; column--) {
            const int32_t *h = halves[row];
            int32_t sum = bias + (column == 0 ? h[0] + h[1] + h[2] : h[1] - h[2] - h[3]);
            sum = target->exact != 0 ? twin_exact(sum >> 2, factor) : twin_short(sum, factor);
            output[row * target->row_bytes + column * step] =
                twin_clamped(sum, target->low, target->high);
        }
    }
}

TNF_KERNEL void tnf_winograd_store(const tnf_int32_t *sums, const tnf_winograd_outputs_t *outputs,
                                   const tnf_winograd_target_t *target, int8_t *output)
{
    output += outputs->first;
    for (int32_t i = 0; i < TNF_WINOGRAD_OUTPUTS; i++) {
        const int32_t bias = outputs->bias[i];
        const int32_t *factor = outputs->factor[i];
        twin_tile(sums + 2 * i, bias, factor, target, target->step, output + i);
        twin_tile(sums + 2 * i + 1, bias, factor, target, target->last_step,
                  output + i + 2 * target->step);
    }
}
