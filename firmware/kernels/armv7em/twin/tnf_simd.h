/* tnf_simd.h of the folder above, in C. */
#ifndef TNF_SIMD_H
#define TNF_SIMD_H

#include <stdint.h>
#include <string.h>

#include "tnf_dsp.h"

static inline int32_t tnf_simd_load(const int8_t *bytes)
{
    int32_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

static inline int32_t tnf_simd_halves(int32_t low, int32_t high)
{
    return (int32_t)(((uint32_t)low & 0xffffU) | (uint32_t)high << 16);
}

static inline int32_t tnf_simd_even(int32_t bytes)
{
    return tnf_dsp_sxtb16(bytes);
}

static inline int32_t tnf_simd_odd(int32_t bytes)
{
    return tnf_dsp_sxtb16((int32_t)((uint32_t)bytes >> 8));
}

static inline int32_t tnf_simd_add(int32_t a, int32_t b)
{
    return tnf_simd_halves(tnf_dsp_half(a, 0) + tnf_dsp_half(b, 0),
                           tnf_dsp_half(a, 1) + tnf_dsp_half(b, 1));
}

static inline int32_t tnf_simd_subtract(int32_t a, int32_t b)
{
    return tnf_simd_halves(tnf_dsp_half(a, 0) - tnf_dsp_half(b, 0),
                           tnf_dsp_half(a, 1) - tnf_dsp_half(b, 1));
}

static inline int32_t tnf_simd_lower(int32_t first, int32_t second)
{
    return tnf_simd_halves(first, second);
}

static inline int32_t tnf_simd_upper(int32_t first, int32_t second)
{
    return tnf_simd_halves(tnf_dsp_half(first, 1), tnf_dsp_half(second, 1));
}

#endif
