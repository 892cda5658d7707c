/* What the kernel of pixels gets of a convolution. */
#ifndef TNF_WINDOWS_MVE_H
#define TNF_WINDOWS_MVE_H

#include "tnf_conv_mve.h"
#include "tnf_pixels_mve.h"

/* All but `output` and `count`. */
static inline tnf_pixels_t tnf_pixels_of(const TNF_FLASH tnf_conv_2d_mve_t *params,
                                         const int8_t *windows)
{
    const tnf_pixels_t pixels = {
        params->weights,
        windows,
        (int8_t *)0,
        0,
        params->slices,
        params->output_channels,
        params->shift,
        params->exact,
        params->output_offset,
        params->activation_min,
        params->activation_max,
    };
    return pixels;
}

#endif
