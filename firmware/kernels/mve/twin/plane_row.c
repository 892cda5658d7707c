#include "tnf_planes_mve.h"

TNF_KERNEL void tnf_plane_row(int8_t *place, int32_t plane_bytes, const int8_t *from, int32_t step,
                              int32_t columns, int32_t channels, int32_t height)
{
    for (int32_t column = 0; column < columns; column++) {
        for (int32_t channel = 0; channel < channels; channel++) {
            place[channel * plane_bytes + column * height] =
                from[step == 0 ? 0 : column * step + channel];
        }
    }
}
