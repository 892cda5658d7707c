#include "tnf_pixels_twin.h"

TNF_KERNEL void tnf_deep_pixels_s8(const tnf_pixels_t *pixels)
{
    tnf_pixels_twin(pixels);
}
