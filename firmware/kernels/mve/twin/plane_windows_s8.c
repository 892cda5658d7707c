#include "tnf_planes_mve.h"
#include "tnf_requantize.h"

static int8_t output_of(const tnf_planes_t *planes, int32_t sum, const TNF_FLASH int32_t *scales)
{
    const int32_t biased = sum + scales[0];
    if (planes->exact != 0) {
        return tnf_requantize_s8(biased, scales[4], scales[8], planes->output_offset,
                                 planes->activation_min, planes->activation_max);
    }
    const int32_t product = (int32_t)(((int64_t)biased * scales[4]) >> 32);
    return (int8_t)tnf_clamp((product + scales[8]) >> -planes->shift, INT8_MIN, INT8_MAX);
}

TNF_KERNEL void tnf_plane_windows_s8(const tnf_planes_t *planes)
{
    for (int32_t window = 0; window < planes->count; window++) {
        for (int32_t channel = 0; channel < planes->channels; channel++) {
            const int32_t last = planes->channels - 4;
            const int32_t quad = channel < last ? channel / 4 : (last + 3) / 4;
            const int32_t lane = channel - (4 * quad < last ? 4 * quad : last);
            const TNF_FLASH int8_t *weights =
                planes->weights + (4 * quad * planes->phases + lane) * planes->taps;
            const int8_t *values =
                planes->base + channel * planes->plane_bytes + window * planes->step;
            int32_t sum = 0;
            for (int32_t tap = 0; tap < planes->taps; tap++) {
                sum += values[tap] * weights[tap];
            }
            planes->output[window * planes->channels + channel] =
                output_of(planes, sum, planes->scales + 12 * quad + lane);
        }
    }
}
