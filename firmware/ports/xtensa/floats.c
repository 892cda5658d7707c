/* IEEE 754 single precision, of which GCC's library for the call0 ABI lacks these parts in Debian's
 * build. Rounds to nearest, ties to even; subnormal numbers, infinities and NaN included. */
#include <stdint.h>

float __addsf3(float a, float b);
float __subsf3(float a, float b);
float __mulsf3(float a, float b);
float __floatsisf(int32_t value);
float __floatunsisf(uint32_t value);
uint32_t __fixunssfsi(float a);

#define SIGN 0x80000000u
#define INFINITE 0x7F800000u
#define QUIET_NAN 0x7FC00000u
#define IMPLICIT 0x00800000u
#define BIAS 127
#define FRACTION_BITS 23
/* While it is worked with, a significand's first bit is bit 30: 7 more bits than the result has. */
#define FIRST_BIT 30
#define MORE_BITS 7

typedef union bits {
    float value;
    uint32_t word;
} bits_t;

static uint32_t word_of(float value)
{
    bits_t bits = {.value = value};
    return bits.word;
}

static float float_of(uint32_t word)
{
    bits_t bits = {.word = word};
    return bits.value;
}

/* Shifts right; whether any 1 was lost stays in the last bit. */
static uint32_t shifted(uint32_t significand, int32_t by)
{
    if (by > 31) {
        return significand != 0;
    }
    return by <= 0 ? significand
                   : (significand >> by) | ((significand & ((1u << by) - 1u)) != 0 ? 1u : 0u);
}

/* The float of significand * 2^(exponent - BIAS - FIRST_BIT), rounded; of 0 it is +0. */
static float packed(uint32_t sign, int32_t exponent, uint32_t significand)
{
    if (significand == 0) {
        return 0.0f;
    }
    if (significand >= 1u << (FIRST_BIT + 1)) {
        significand = shifted(significand, 1);
        exponent++;
    }
    int32_t up = __builtin_clz(significand) - (31 - FIRST_BIT);
    significand <<= up;
    exponent -= up;
    if (exponent >= 255) {
        return float_of(sign | INFINITE);
    }
    if (exponent <= 0) {
        significand = shifted(significand, 1 - exponent);
        exponent = 0;
    }
    uint32_t rest = significand & ((1u << MORE_BITS) - 1u);
    uint32_t half = 1u << (MORE_BITS - 1);
    significand >>= MORE_BITS;
    if (rest > half || (rest == half && (significand & 1u) != 0)) {
        significand++; /* may carry into the exponent, which is then the right one */
    }
    uint32_t base = exponent > 0 ? (uint32_t)(exponent - 1) << FRACTION_BITS : 0;
    return float_of(sign | (base + significand));
}

static int32_t exponent_of(uint32_t word)
{
    int32_t exponent = (int32_t)(word >> FRACTION_BITS & 0xFFu);
    return exponent > 0 ? exponent : 1;
}

static uint32_t significand_of(uint32_t word)
{
    uint32_t fraction = word & (IMPLICIT - 1u);
    return (word & INFINITE) != 0 ? fraction | IMPLICIT : fraction;
}

float __addsf3(float a, float b)
{
    uint32_t x = word_of(a), y = word_of(b);
    if ((x & ~SIGN) < (y & ~SIGN)) {
        uint32_t swap = x;
        x = y;
        y = swap;
    }
    if ((x & ~SIGN) >= INFINITE) { /* the larger one is infinite or NaN */
        uint32_t opposite = (y & ~SIGN) == INFINITE && ((x ^ y) & SIGN) != 0;
        return (x & ~SIGN) > INFINITE || opposite ? float_of(QUIET_NAN) : float_of(x);
    }
    if (((x | y) & ~SIGN) == 0) {
        return float_of(x & y); /* -0 only of two of them */
    }
    uint32_t larger = significand_of(x) << MORE_BITS;
    uint32_t smaller = shifted(significand_of(y) << MORE_BITS, exponent_of(x) - exponent_of(y));
    uint32_t sum = ((x ^ y) & SIGN) != 0 ? larger - smaller : larger + smaller;
    return packed(x & SIGN, exponent_of(x), sum);
}

float __subsf3(float a, float b)
{
    return __addsf3(a, float_of(word_of(b) ^ SIGN));
}

float __mulsf3(float a, float b)
{
    uint32_t x = word_of(a), y = word_of(b);
    uint32_t sign = (x ^ y) & SIGN;
    uint32_t wide = (x & ~SIGN) > (y & ~SIGN) ? x & ~SIGN : y & ~SIGN;
    uint32_t narrow = (x & ~SIGN) > (y & ~SIGN) ? y & ~SIGN : x & ~SIGN;
    if (wide >= INFINITE) {
        return wide > INFINITE || narrow == 0 ? float_of(QUIET_NAN) : float_of(sign | INFINITE);
    }
    if (narrow == 0) {
        return float_of(sign);
    }
    /* A product of two significands has up to 48 bits: the upper 32 of these, and whether the
     * rest is 0. Subnormal ones are brought up first, so that these have enough. */
    int32_t exponent = exponent_of(x) + exponent_of(y) - BIAS;
    uint32_t first = significand_of(x), second = significand_of(y);
    int32_t first_up = __builtin_clz(first) - 8, second_up = __builtin_clz(second) - 8;
    uint64_t product = (uint64_t)(first << first_up) * (second << second_up);
    uint32_t significand =
        (uint32_t)(product >> 16) | (((uint32_t)product & 0xFFFFu) != 0 ? 1u : 0u);
    return packed(sign, exponent - first_up - second_up, significand);
}

float __floatunsisf(uint32_t value)
{
    return packed(0, BIAS + FIRST_BIT, value);
}

float __floatsisf(int32_t value)
{
    uint32_t size = value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
    return packed(value < 0 ? SIGN : 0, BIAS + FIRST_BIT, size);
}

uint32_t __fixunssfsi(float a)
{
    uint32_t word = word_of(a);
    int32_t exponent = (int32_t)(word >> FRACTION_BITS & 0xFFu) - BIAS - FRACTION_BITS;
    if ((word & SIGN) != 0 || exponent < -FRACTION_BITS) {
        return 0;
    }
    if (exponent > 31 - FRACTION_BITS) {
        return UINT32_MAX;
    }
    uint32_t significand = significand_of(word);
    return exponent >= 0 ? significand << exponent : significand >> -exponent;
}
