/** @file
 * Softmax of int8 values in fixed point, up to what depends on the output's type. Qm.n is a 32-bit
 * integer of m integer and n = 31 - m fraction bits; a product of Qa and Qb by tnf_multiply_high is
 * Q(a + b). Every step rounds as the runtime whose bytes the kernels must give does, so no step may
 * be rearranged. */
#ifndef TNF_SOFTMAX_STEPS_H
#define TNF_SOFTMAX_STEPS_H

#include "tnf_requantize.h"
#include "tnf_softmax.h"

#define EXP_MINUS_EIGHTH 1895147668 /* Q0.31 */
#define ONE_THIRD 715827883         /* Q0.31 */
#define EIGHTH_Q0 ((int32_t)1 << 28)
#define QUARTER_Q5 ((int32_t)1 << 24)
#define ONE_Q2 ((int32_t)1 << 29)
#define FORTY_EIGHT_SEVENTEENTHS 1515870810       /* Q2.29 */
#define MINUS_THIRTY_TWO_SEVENTEENTHS -1010580540 /* Q2.29 */
#define SUM_INTEGER_BITS 12

/* value * 2^left, limited to 32 bits. */
static inline int32_t tnf_shift_left_saturating(int32_t value, int32_t left)
{
    const int32_t limit = INT32_MAX >> left;
    if (value > limit) {
        return INT32_MAX;
    }
    return value < -limit ? INT32_MIN : tnf_shift_left(value, left);
}

/* exp(x) in Q0.31 for x in [-1/4, 0), Q0.31: four terms of the series around -1/8. */
static inline int32_t tnf_exp_of_quarter(int32_t x)
{
    const int32_t y = x + EIGHTH_Q0;
    const int32_t y2 = tnf_multiply_high(y, y);
    const int32_t y3 = tnf_multiply_high(y2, y);
    const int32_t y4_over_4 = tnf_divide_by_power_of_two(tnf_multiply_high(y2, y2), 2);
    const int32_t terms =
        tnf_divide_by_power_of_two(tnf_multiply_high(y4_over_4 + y3, ONE_THIRD) + y2, 1);
    return EXP_MINUS_EIGHTH + tnf_multiply_high(EXP_MINUS_EIGHTH, y + terms);
}

/* exp(x) in Q0.31 for x in (-32, 0], Q5.26. */
static inline int32_t tnf_exp_of_negative(int32_t x)
{
    /* exp(-2^i) in Q0.31 for i from -2 to 4 */
    static const TNF_FLASH int32_t powers[] = {1672461947, 1302514674, 790015084, 290630308,
                                               39332535,   720401,     242};
    if (x == 0) {
        return INT32_MAX;
    }
    const int32_t quarter = (int32_t)((uint32_t)x & ((uint32_t)QUARTER_Q5 - 1U)) - QUARTER_Q5;
    const uint32_t rest = (uint32_t)quarter - (uint32_t)x;
    int32_t result = tnf_exp_of_quarter(tnf_shift_left(quarter, 5));
    for (uint32_t i = 0; i < sizeof powers / sizeof powers[0]; i++) {
        if ((rest & ((uint32_t)QUARTER_Q5 << i)) != 0) {
            result = tnf_multiply_high(result, powers[i]);
        }
    }
    return result;
}

/* 1 / (1 + x) in Q0.31 for x in [0, 1), Q0.31: three Newton steps. */
static inline int32_t tnf_one_over_one_plus(int32_t x)
{
    const int32_t half = (int32_t)(((uint32_t)x + (uint32_t)INT32_MAX + 1U) >> 1);
    int32_t y = FORTY_EIGHT_SEVENTEENTHS + tnf_multiply_high(half, MINUS_THIRTY_TWO_SEVENTEENTHS);
    for (int32_t step = 0; step < 3; step++) {
        const int32_t rest = ONE_Q2 - tnf_multiply_high(half, y);
        y += tnf_shift_left_saturating(tnf_multiply_high(y, rest), 2);
    }
    return tnf_shift_left_saturating(y, 1);
}

static inline int32_t tnf_exp_of_difference(const TNF_FLASH tnf_softmax_t *params,
                                            int32_t difference)
{
    return tnf_exp_of_negative(
        tnf_multiply_high(tnf_shift_left(difference, params->shift), params->multiplier));
}

/* What turns a row's exponentials into probabilities. */
typedef struct {
    int32_t largest;
    int32_t reciprocal; /* of the sum's fraction, Q0.31 */
    int32_t exponent;   /* its binary exponent, for probabilities of 31 bits */
} tnf_softmax_sum_t;

static inline tnf_softmax_sum_t tnf_softmax_sum(const TNF_FLASH tnf_softmax_t *params,
                                                const int8_t *input)
{
    tnf_softmax_sum_t found = {INT8_MIN, 0, 0};
    for (int32_t i = 0; i < params->depth; i++) {
        if (input[i] > found.largest) {
            found.largest = input[i];
        }
    }
    int32_t sum = 0;
    for (int32_t i = 0; i < params->depth; i++) {
        const int32_t difference = input[i] - found.largest;
        if (difference >= params->diff_min) {
            sum += tnf_divide_by_power_of_two(tnf_exp_of_difference(params, difference),
                                              SUM_INTEGER_BITS);
        }
    }
    /* The sum is at least 1, because the largest value's own exponential is. */
    int32_t headroom = 0;
    while (((uint32_t)sum << headroom) < ((uint32_t)1 << 31)) {
        headroom++;
    }
    found.reciprocal =
        tnf_one_over_one_plus((int32_t)(((uint32_t)sum << headroom) - ((uint32_t)1 << 31)));
    found.exponent = SUM_INTEGER_BITS - headroom + 31;
    return found;
}

/* The probability of an input, of so many bits, not limited to them. */
static inline int32_t tnf_softmax_probability(const TNF_FLASH tnf_softmax_t *params,
                                              const tnf_softmax_sum_t *sum, int32_t input,
                                              int32_t bits)
{
    const int32_t difference = input - sum->largest;
    const int32_t exponent = sum->exponent - bits;
    /* An exponent over 31 would leave less than half a step of anything. */
    if (difference < params->diff_min || exponent > 31) {
        return 0;
    }
    return tnf_divide_by_power_of_two(
        tnf_multiply_high(sum->reciprocal, tnf_exp_of_difference(params, difference)), exponent);
}

#endif
