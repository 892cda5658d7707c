#include "tnf_mac16_output.h"

TNF_KERNEL void tnf_mac16_pixels(const tnf_mac16_run_t *run)
{
    const tnf_int16_t *value = run->values;
    int8_t *output = run->output;
    for (int32_t pixel = 0; pixel < run->pixels; pixel++) {
        int32_t sum = run->channel->bias;
        for (int32_t i = 0; i < 4 * run->quads; i++) {
            sum += *value++ * run->weights[i];
        }
        output[pixel * run->output_step] =
            tnf_channel_output(run->channel, sum, 0, run->low, run->high);
    }
}
