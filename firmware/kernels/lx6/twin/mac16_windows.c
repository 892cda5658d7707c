#include "tnf_mac16_output.h"

/* The sum of one window, which begins at byte `at` of the values. */
static int32_t window_sum(const tnf_mac16_run_t *run, int32_t at)
{
    const tnf_int16_t *weight = run->weights;
    int32_t sum = run->channel->bias;
    for (int32_t segment = 0; segment < run->segments; segment++) {
        const tnf_int16_t *value = run->values + at / 2;
        for (int32_t i = 0; i < 4 * run->quads; i++) {
            sum += *value++ * *weight++;
        }
        at += 8 * run->quads + run->segment_step;
    }
    return sum;
}

TNF_KERNEL void tnf_mac16_windows(const tnf_mac16_run_t *run)
{
    const int32_t first_to_last =
        (run->segments - 1) * (8 * run->quads + run->segment_step) + 8 * run->quads;
    const int32_t pixel_bytes = first_to_last + run->pixel_step;
    int8_t *output = run->output;
    for (int32_t row = 0; row < run->rows; row++) {
        for (int32_t pixel = 0; pixel < run->pixels; pixel++) {
            const int32_t sum = window_sum(run, row * run->row_step + pixel * pixel_bytes);
            *output = tnf_channel_output(run->channel, sum, 0, run->low, run->high);
            if (row + 1 < run->rows || pixel + 1 < run->pixels) {
                output += run->output_step;
            }
        }
    }
}
