/* What instructions of the DSP extension compute, in C. Sums wrap to 32 bits. */
#ifndef TNF_DSP_H
#define TNF_DSP_H

#include <stdint.h>

static inline int16_t tnf_dsp_half(int32_t word, int32_t upper)
{
    return (int16_t)(uint16_t)((uint32_t)word >> (upper != 0 ? 16 : 0) & 0xffffU);
}

/* sum + lower halves + upper halves */
static inline int32_t tnf_dsp_smlad(int32_t a, int32_t b, int32_t sum)
{
    const int32_t low = tnf_dsp_half(a, 0) * tnf_dsp_half(b, 0);
    const int32_t high = tnf_dsp_half(a, 1) * tnf_dsp_half(b, 1);
    return (int32_t)((uint32_t)sum + (uint32_t)low + (uint32_t)high);
}

/* The lower byte of each half, extended to the half. */
static inline int32_t tnf_dsp_sxtb16(int32_t word)
{
    const uint32_t low = (uint32_t)(int32_t)(int8_t)(uint8_t)((uint32_t)word & 0xffU);
    const uint32_t high = (uint32_t)(int32_t)(int8_t)(uint8_t)((uint32_t)word >> 16 & 0xffU);
    return (int32_t)((low & 0xffffU) | high << 16);
}

/* constant + the upper word of value * multiplier */
static inline int32_t tnf_dsp_smmla(int32_t value, int32_t multiplier, int32_t constant)
{
    const int32_t high = (int32_t)((int64_t)value * multiplier >> 32);
    return (int32_t)((uint32_t)high + (uint32_t)constant);
}

/* tnf_dsp_smmla rounded to nearest, halves up */
static inline int32_t tnf_dsp_smmlar(int32_t value, int32_t multiplier, int32_t constant)
{
    const int64_t product = (int64_t)value * multiplier + ((int64_t)1 << 31);
    return (int32_t)((uint32_t)(int32_t)(product >> 32) + (uint32_t)constant);
}

static inline int8_t tnf_dsp_ssat8(int32_t value)
{
    return (int8_t)(value < -128 ? -128 : value > 127 ? 127 : value);
}

/* The short form of requantisation. */
static inline int8_t tnf_dsp_short(int32_t sum, const int32_t *factors, int32_t exponent)
{
    return tnf_dsp_ssat8(tnf_dsp_smmla(sum, factors[0], factors[1]) >> exponent);
}

/* The general form, of twice the sum: factors are a multiplier, the zero point and a half, both
 * shifted left, and the shift. */
static inline int8_t tnf_dsp_general(int32_t twice, const int32_t *factors)
{
    const int32_t half = (int32_t)((uint32_t)factors[1] + (uint32_t)(twice < 0 ? -1 : 0));
    return tnf_dsp_ssat8(tnf_dsp_smmlar(twice, factors[0], half) >> factors[2]);
}

/* Two channels' sums of one word of activations: the even channel's, and both. */
static inline void tnf_dsp_accumulate(int32_t *even, int32_t *both, int32_t x, int32_t w)
{
    *both = tnf_dsp_smlad(x, w, *both);
    *even = tnf_dsp_smlad(x, tnf_dsp_sxtb16(w), *even);
}

/* 256 times the odd channel's sum */
static inline int32_t tnf_dsp_odd(int32_t even, int32_t both)
{
    return (int32_t)((uint32_t)both - (uint32_t)even);
}

#endif
