#include "tnf_pixels_mve.h"

TNF_KERNEL void tnf_windows_s8(const tnf_pixels_t *pixels)
{
    if (pixels->slices <= TNF_SHORT_SLICES) {
        tnf_pixels_s8(pixels);
    } else {
        tnf_deep_pixels_s8(pixels);
    }
}
