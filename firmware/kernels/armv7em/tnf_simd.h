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

/* The lower halves of two words. */
static inline int32_t tnf_simd_lower(int32_t first, int32_t second)
{
    int32_t halves;
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(halves) : "r"(first), "r"(second));
    return halves;
}

/* The upper halves of two words. */
static inline int32_t tnf_simd_upper(int32_t first, int32_t second)
{
    int32_t halves;
    __asm__("pkhtb %0, %2, %1, asr #16" : "=r"(halves) : "r"(first), "r"(second));
    return halves;
}

#endif
