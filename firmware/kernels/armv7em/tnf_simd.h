/* Instructions of the DSP extension that C has no operators for; twin/ has them in C. */
#ifndef TNF_SIMD_H
#define TNF_SIMD_H

#include <stdint.h>
#include <string.h>

/* Four bytes from any address. */
static inline int32_t tnf_simd_load(const int8_t *bytes)
{
    int32_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* Bytes 0 and 2 as int16 halves. */
static inline int32_t tnf_simd_even(int32_t bytes)
{
    int32_t halves;
    __asm__("sxtb16 %0, %1" : "=r"(halves) : "r"(bytes));
    return halves;
}

/* Bytes 1 and 3 as int16 halves. */
static inline int32_t tnf_simd_odd(int32_t bytes)
{
    int32_t halves;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(halves) : "r"(bytes));
    return halves;
}

/* The sums of halves. */
static inline int32_t tnf_simd_add(int32_t a, int32_t b)
{
    int32_t halves;
    __asm__("sadd16 %0, %1, %2" : "=r"(halves) : "r"(a), "r"(b));
    return halves;
}

/* The differences of halves. */
static inline int32_t tnf_simd_subtract(int32_t a, int32_t b)
{
    int32_t halves;
    __asm__("ssub16 %0, %1, %2" : "=r"(halves) : "r"(a), "r"(b));
    return halves;
}

/* constant + the upper word of value * multiplier */
static inline int32_t tnf_simd_scale(int32_t value, int32_t multiplier, int32_t constant)
{
    int32_t scaled;
    __asm__("smmla %0, %1, %2, %3" : "=r"(scaled) : "r"(value), "r"(multiplier), "r"(constant));
    return scaled;
}

/* tnf_simd_scale rounded to nearest, halves up */
static inline int32_t tnf_simd_scale_rounded(int32_t value, int32_t multiplier, int32_t constant)
{
    int32_t scaled;
    __asm__("smmlar %0, %1, %2, %3" : "=r"(scaled) : "r"(value), "r"(multiplier), "r"(constant));
    return scaled;
}

/* The value as int8, clamped. */
static inline int8_t tnf_simd_clamp(int32_t value)
{
    int32_t clamped;
    __asm__("ssat %0, #8, %1" : "=r"(clamped) : "r"(value));
    return (int8_t)clamped;
}

/* The same after a shift to the right by a constant from 1 on. */
#define TNF_SIMD_CLAMP_SHIFTED(value, shift)                                                       \
    __extension__({                                                                                \
        int32_t clamped_;                                                                          \
        __asm__("ssat %0, #8, %1, asr %2" : "=r"(clamped_) : "r"(value), "I"(shift));              \
        (int8_t)clamped_;                                                                          \
    })

#endif
