"""The exponential of SOFTMAX in fixed point, step by step as tnf_softmax_steps.h has it."""

from __future__ import annotations

from tinyflow.compiler.quantmath import (
    INT32_MAX,
    rounding_divide_by_power_of_two,
    saturating_rounding_doubling_high_mul,
)

EXP_MINUS_EIGHTH = 1895147668  # Q0.31
ONE_THIRD = 715827883  # Q0.31
EIGHTH_Q0 = 1 << 28
QUARTER_Q5 = 1 << 24
POWERS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)
"""exp(-2^i) in Q0.31 for i from -2 to 4."""


def exponential(difference: int, multiplier: int, shift: int) -> int:
    """exp of a difference of input values, which is at most 0, in Q0.31."""
    x = _high(difference << shift, multiplier)
    if x == 0:
        return INT32_MAX
    quarter = (x & (QUARTER_Q5 - 1)) - QUARTER_Q5
    rest = quarter - x
    result = _exp_of_quarter(quarter << 5)
    for place, power in enumerate(POWERS):
        if rest & (QUARTER_Q5 << place):
            result = _high(result, power)
    return result


def _exp_of_quarter(x: int) -> int:
    """exp(x) for x in [-1/4, 0), Q0.31: four terms of the series around -1/8."""
    y = x + EIGHTH_Q0
    y2 = _high(y, y)
    y3 = _high(y2, y)
    y4_over_4 = rounding_divide_by_power_of_two(_high(y2, y2), 2)
    terms = rounding_divide_by_power_of_two(_high(y4_over_4 + y3, ONE_THIRD) + y2, 1)
    return EXP_MINUS_EIGHTH + _high(EXP_MINUS_EIGHTH, y + terms)


def _high(a: int, b: int) -> int:
    return saturating_rounding_doubling_high_mul(a, b)
