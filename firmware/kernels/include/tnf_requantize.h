/** @file
 * The integer arithmetic every kernel shares: from a 32-bit accumulator to int8, rounded twice, and
 * from a 64-bit one to int16, rounded once.
 *
 * A positive real factor is multiplier * 2^(shift - 31), with multiplier 0 or in
 * [2^30, 2^31 - 1]. Signed values are shifted right arithmetically, which every compiler this
 * code is built with does. Nothing here divides, so cores without a divider need no library
 * routine; the one 32x32->64 product is a single instruction from Armv7-M on.
 */
#ifndef TNF_REQUANTIZE_H
#define TNF_REQUANTIZE_H

#include <stdint.h>

/** The value in [low, high] nearest to @p value. */
static inline int32_t tnf_clamp(int32_t value, int32_t low, int32_t high)
{
    if (value < low) {
        return low;
    }
    return value > high ? high : value;
}

/** value * 2^left, wrapping to 32 bits. @p left is 0 to 31. */
static inline int32_t tnf_shift_left(int32_t value, int32_t left)
{
    return (int32_t)((uint32_t)value << left);
}

/** value * multiplier / 2^31 to nearest, halves up. Not both may be INT32_MIN. */
static inline int32_t tnf_multiply_high(int32_t value, int32_t multiplier)
{
    return (int32_t)(((int64_t)value * multiplier + ((int64_t)1 << 30)) >> 31);
}

/** value / 2^exponent to nearest, halves away from zero. @p exponent is 0 to 31. */
static inline int32_t tnf_divide_by_power_of_two(int32_t value, int32_t exponent)
{
    const uint32_t mask = ((uint32_t)1 << exponent) - 1U;
    const uint32_t threshold = (mask >> 1) + (value < 0 ? 1U : 0U);
    const int32_t quotient = value >> exponent;
    return ((uint32_t)value & mask) > threshold ? quotient + 1 : quotient;
}

/** value times a real factor, as an integer: left shift, product and right shift each exact or
 *  rounded on its own. @p shift is -31 to 30; a positive one must leave the value in 32 bits, or
 *  it wraps. */
static inline int32_t tnf_requantize(int32_t value, int32_t multiplier, int32_t shift)
{
    if (shift >= 0) {
        return tnf_multiply_high(tnf_shift_left(value, shift), multiplier);
    }
    return tnf_divide_by_power_of_two(tnf_multiply_high(value, multiplier), -shift);
}

/** A requantised accumulator as int8: offset, which wraps to 32 bits, then clamped to [low, high]
 *  within int8. */
static inline int8_t tnf_requantize_s8(int32_t accumulator, int32_t multiplier, int32_t shift,
                                       int32_t offset, int32_t low, int32_t high)
{
    const int32_t value = tnf_requantize(accumulator, multiplier, shift);
    return (int8_t)tnf_clamp((int32_t)((uint32_t)value + (uint32_t)offset), low, high);
}

/** value * multiplier / 2^shift to nearest, halves up, wrapping to 32 bits. @p multiplier is 0 to
 *  32767, @p shift 8 to 62, the product has at most 62 bits and a sign. Words are shifted, not the
 *  double word, for which small cores need a routine. */
static inline int32_t tnf_requantize_wide(int64_t value, int32_t multiplier, int32_t shift)
{
    const uint32_t half_high = shift > 32 ? (uint32_t)1 << (shift - 33) : 0U;
    const uint32_t half_low = shift > 32 ? 0U : (uint32_t)1 << (shift - 1);
    const uint64_t half = ((uint64_t)half_high << 32) + half_low;
    const uint64_t product = (uint64_t)(value * multiplier) + half;
    const int32_t high = (int32_t)(uint32_t)(product >> 32);
    if (shift >= 32) {
        return high >> (shift - 32);
    }
    return (int32_t)(((uint32_t)product >> shift) | ((uint32_t)high << (32 - shift)));
}

/** An accumulator as int16, clamped to [low, high] within int16. @p wide: with multiplier and shift
 *  as tnf_requantize_wide has them; otherwise the accumulator has 32 bits and they are those of
 *  tnf_requantize. */
static inline int16_t tnf_requantize_s16(int64_t accumulator, int32_t wide, int32_t multiplier,
                                         int32_t shift, int32_t low, int32_t high)
{
    const int32_t value = wide != 0 ? tnf_requantize_wide(accumulator, multiplier, shift)
                                    : tnf_requantize((int32_t)accumulator, multiplier, shift);
    return (int16_t)tnf_clamp(value, low, high);
}

#endif
