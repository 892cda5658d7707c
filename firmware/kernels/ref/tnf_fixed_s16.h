/* tanh and the logistic function of 16-bit fixed point: Qm.n has m integer and n = 15 - m fraction
 * bits; a product of Qa and Qb is Q(a + b). Every step rounds as the runtime whose bytes the
 * kernels must give does, so no step may be rearranged; what it wraps to 16 bits wraps here. */
#ifndef TNF_FIXED_S16_H
#define TNF_FIXED_S16_H

#include "tnf_flash.h"
#include "tnf_requantize.h"

#define TNF_ONE_Q0 INT16_MAX
#define TNF_ONE_Q2 ((int32_t)1 << 13)
#define TNF_HALF_Q0 ((int32_t)1 << 14)
#define TNF_EIGHTH_Q0 ((int32_t)1 << 12)
#define TNF_EXP_MINUS_EIGHTH 28918                 /* Q0.15 */
#define TNF_ONE_THIRD 10923                        /* Q0.15 */
#define TNF_FORTY_EIGHT_SEVENTEENTHS 23130         /* Q2.13 */
#define TNF_MINUS_THIRTY_TWO_SEVENTEENTHS (-15420) /* Q2.13 */

static inline int32_t tnf_wrap_s16(int32_t value)
{
    return (int16_t)(uint16_t)(uint32_t)value;
}

/* a * b / 2^15 to nearest, halves up; both in 16 bits. */
static inline int32_t tnf_multiply_s16(int32_t a, int32_t b)
{
    return a == INT16_MIN && b == INT16_MIN ? INT16_MAX : (a * b + ((int32_t)1 << 14)) >> 15;
}

/* value * 2^left, limited to 16 bits. */
static inline int32_t tnf_shift_left_s16(int32_t value, int32_t left)
{
    return tnf_clamp(tnf_shift_left(value, left), INT16_MIN, INT16_MAX);
}

/* exp(x) in Q0.15 for x in [-1/4, 0), Q0.15: four terms of the series around -1/8. */
static inline int32_t tnf_exp_of_quarter_s16(int32_t x)
{
    const int32_t y = x + TNF_EIGHTH_Q0;
    const int32_t y2 = tnf_multiply_s16(y, y);
    const int32_t y3 = tnf_multiply_s16(y2, y);
    const int32_t y4_over_4 = tnf_divide_by_power_of_two(tnf_multiply_s16(y2, y2), 2);
    const int32_t terms =
        tnf_divide_by_power_of_two(tnf_multiply_s16(y4_over_4 + y3, TNF_ONE_THIRD) + y2, 1);
    return tnf_clamp(TNF_EXP_MINUS_EIGHTH + tnf_multiply_s16(TNF_EXP_MINUS_EIGHTH, y + terms),
                     INT16_MIN, INT16_MAX);
}

/* exp(x) in Q0.15 for x <= 0 of 1 to 7 integer bits. */
static inline int32_t tnf_exp_of_negative_s16(int32_t x, int32_t integer_bits)
{
    /* exp(-2^i) in Q0.15 for i from -2 to 4 */
    static const TNF_FLASH int16_t powers[] = {25520, 19875, 12055, 4435, 600, 11, 0};
    const int32_t fraction_bits = 15 - integer_bits;
    const int32_t quarter = (int32_t)1 << (fraction_bits - 2);
    if (x == 0) {
        return TNF_ONE_Q0;
    }
    if (integer_bits > 5 && x < -tnf_shift_left(32, fraction_bits)) {
        return 0;
    }
    const int32_t part = (int32_t)((uint32_t)x & (uint32_t)(quarter - 1)) - quarter;
    const uint32_t rest = (uint32_t)(part - x);
    int32_t result = tnf_exp_of_quarter_s16(tnf_shift_left(part, integer_bits));
    for (int32_t i = 0; i < integer_bits + 2 && i < 7; i++) {
        if ((rest & ((uint32_t)quarter << i)) != 0) {
            result = tnf_multiply_s16(result, powers[i]);
        }
    }
    return result;
}

/* 2 / (1 + x) in Q2.13 for x in [0, 1], Q0.15: three Newton steps. */
static inline int32_t tnf_two_over_one_plus_s16(int32_t x)
{
    const int32_t half = (x + TNF_ONE_Q0 + 1) / 2;
    int32_t y =
        TNF_FORTY_EIGHT_SEVENTEENTHS + tnf_multiply_s16(half, TNF_MINUS_THIRTY_TWO_SEVENTEENTHS);
    for (int32_t step = 0; step < 3; step++) {
        const int32_t rest = TNF_ONE_Q2 - tnf_multiply_s16(half, y);
        y = tnf_wrap_s16(y + tnf_shift_left_s16(tnf_multiply_s16(y, rest), 2));
    }
    return y;
}

/* 1 / (1 + exp(-x)) in Q0.15 for x in Q3.12. */
static inline int32_t tnf_fixed_logistic(int32_t x)
{
    if (x == 0) {
        return TNF_HALF_Q0;
    }
    const int32_t exp = tnf_exp_of_negative_s16(x > 0 ? -x : x, 3);
    const int32_t positive = tnf_shift_left_s16(tnf_two_over_one_plus_s16(exp), 1);
    return x > 0 ? positive : TNF_ONE_Q0 - positive;
}

/* tanh(x) in Q0.15 for x of 0 to 6 integer bits. */
static inline int32_t tnf_fixed_tanh(int32_t x, int32_t integer_bits)
{
    if (x == 0) {
        return 0;
    }
    /* The same bits with one more before the point are twice as much. */
    const int32_t exp = tnf_exp_of_negative_s16(x > 0 ? -x : x, integer_bits + 1);
    const int32_t value = tnf_shift_left_s16(tnf_two_over_one_plus_s16(exp) - TNF_ONE_Q2, 2);
    return x > 0 ? value : -value;
}

#endif
