#include "tnf_mac16_output.h"

TNF_KERNEL void tnf_mac16_lines(const tnf_mac16_lines_t *lines)
{
    const tnf_mac16_filter_t *filter = lines->filter;
    const int32_t pixel_words = (lines->step + 12) / 4;
    for (int32_t line = 0; line < lines->lines; line++) {
        const tnf_int16_t *values = lines->values + line * (lines->next_line / 2);
        int8_t *output = lines->output + line * lines->output_line;
        for (int32_t pixel = 0; pixel < lines->pixels; pixel++) {
            int32_t sum = filter->channel.bias;
            for (int32_t tap = 0; tap < 9; tap++) {
                const int32_t word = pixel * pixel_words + tap % 3;
                const int32_t place = tap / 3 * (lines->line_step / 2) + 2 * word + lines->half;
                sum += values[place] * filter->taps[tap];
            }
            output[pixel * lines->output_step] =
                tnf_channel_output(&filter->channel, sum, 0, lines->low, lines->high);
        }
    }
}
