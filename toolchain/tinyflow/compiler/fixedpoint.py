"""Functions of one value in fixed-point arithmetic, exactly as the reference runtime does it.

Tables give the outputs for the inputs -128 to 127. Qm.n is an integer of m integer and n fraction
bits; widths are those of the runtime, which wrap or saturate where it does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from tinyflow.compiler.graph import Quantization
from tinyflow.compiler.quantmath import (
    INT8_MAX,
    INT8_MIN,
    INT16_MAX,
    INT16_MIN,
    INT32_MAX,
    INT32_MIN,
    Multiplier,
    float32,
    quantize_multiplier,
    relu_scale,
    requantize,
    round_half_away,
    saturating_rounding_doubling_high_mul,
)

RSQRT_FRACTION_BITS = 20
HALF_SQRT_2 = 1518500250  # Q0.31
ONE_Q3 = 1 << 28
THREE_HALVES_Q3 = 3 << 27
NEWTON_STEPS = 5
SIGMOID_UNITS = 3 << 12
"""The int16 logistic function's table is read in units of 1 / SIGMOID_UNITS."""
MAX_SIGMOID_MULTIPLIER = 32767
MAX_SIGMOID_SHIFT = 31
POWER_TOLERANCE = 1e-3


def abs_table(source: Quantization, output: Quantization) -> list[int]:
    """The absolute value."""
    factor = quantize_multiplier(relu_scale(source.scale, output.scale))
    return [_rescaled(abs(value), factor, output) for value in _values(source)]


def neg_table(source: Quantization, output: Quantization) -> list[int]:
    """The value with the other sign."""
    factor = quantize_multiplier(source.scale / output.scale)
    return [_rescaled(-value, factor, output) for value in _values(source)]


def leaky_relu_table(source: Quantization, output: Quantization, alpha: float) -> list[int]:
    """Negative values times `alpha`, the others as they are."""
    negative, positive = leaky_relu_factors(source.scale, output.scale, alpha)
    return [
        _rescaled(value, positive if value >= 0 else negative, output) for value in _values(source)
    ]


def leaky_relu_factors(
    source_scale: float, output_scale: float, alpha: float
) -> tuple[Multiplier, Multiplier]:
    """The factors of negative and of other values."""
    return (
        quantize_multiplier(leaky_relu_slope(source_scale, output_scale, alpha)),
        quantize_multiplier(relu_scale(source_scale, output_scale)),
    )


def leaky_relu_slope(source_scale: float, output_scale: float, alpha: float) -> float:
    """The factor of negative values, each step in float32."""
    return relu_scale(float32(source_scale * alpha), output_scale)


def rsqrt_scale(source_scale: float, output_scale: float) -> float:
    """The factor from 1 / sqrt(value) to the output; root and product are rounded to float32."""
    product = float32(float32(math.sqrt(source_scale)) * output_scale)
    return 1.0 / product if product > 0 else math.inf


def rsqrt_table(source: Quantization, output: Quantization) -> list[int]:
    """The reciprocal of the square root. 0 gives the greatest value, and so do negative inputs, at
    which the runtime stops.
    """
    factor = quantize_multiplier(rsqrt_scale(source.scale, output.scale))
    scaled = Multiplier(factor.value, factor.shift - RSQRT_FRACTION_BITS)

    def of(value: int) -> int:
        if value <= 0:
            return INT8_MAX
        root, shift = inverse_square_root(value)
        inverse = requantize(1, Multiplier(root, shift + RSQRT_FRACTION_BITS))
        return _rescaled(inverse, scaled, output)

    return [of(value) for value in _values(source)]


def inverse_square_root(value: int) -> tuple[int, int]:
    """1 / sqrt(value) as a multiplier and its shift, for a value from 1 to 2^29 - 1."""
    if value == 1:
        return INT32_MAX, 0
    pairs = (31 - value.bit_length()) // 2 - 1
    shift = 11 - pairs
    half = _halved((value << 2 * pairs) >> 1)
    x = ONE_Q3
    for _ in range(NEWTON_STEPS):
        square = saturating_rounding_doubling_high_mul(x, x)
        cube = _saturated(saturating_rounding_doubling_high_mul(square, x) << 6)
        step = saturating_rounding_doubling_high_mul(THREE_HALVES_Q3, x)
        step -= saturating_rounding_doubling_high_mul(half, cube)
        x = _saturated(step << 3)
    root = saturating_rounding_doubling_high_mul(x, HALF_SQRT_2)
    return (root << -shift, 0) if shift < 0 else (root, -shift)


def hard_swish_scales(source_scale: float, output_scale: float) -> tuple[float, float]:
    """The factors to the output and to the slope, of inputs shifted left by 7; all in float32."""
    fine = float32(source_scale / 128.0)
    return relu_scale(fine, output_scale), relu_scale(fine, float32(3.0 / 32768.0))


def hard_swish_table(source: Quantization, output: Quantization) -> list[int]:
    """x * min(max(x + 3, 0), 6) / 6, in 16 bits."""
    to_output, to_slope = (
        quantize_multiplier(scale) for scale in hard_swish_scales(source.scale, output.scale)
    )

    def of(value: int) -> int:
        fine = value << 7
        scaled = _high_mul_16(fine, _upper_half(to_output))
        slope = fine
        if to_slope.shift > 0:
            slope = _saturated_16(slope << (to_slope.shift - 1))
        slope = _high_mul_16(slope, _upper_half(to_slope))
        if to_slope.shift > 0:
            slope = _saturated_16(slope << 1)
        elif to_slope.shift < 0:
            slope = _divided_16(slope, -to_slope.shift)
        slope = (slope + (1 << 15)) >> 1
        product = slope * scaled
        product = -(-product >> 15) if product < 0 else product >> 15
        moved = _wrapped_16(_divided_16(product, -to_output.shift) + output.zero_point)
        return min(max(moved, INT8_MIN), INT8_MAX)

    return [of(value) for value in _values(source)]


def power_of_two(value: float) -> int | None:
    """The exponent of a positive `value` that is nearly a power of two, as the runtime looks at it:
    by its logarithm in float32, to 0.001.
    """
    logarithm = float32(float32(math.log(value)) * float32(1.0 / float32(math.log(2.0))))
    exponent = round_half_away(logarithm)
    near = abs(float32(logarithm - exponent)) < float32(POWER_TOLERANCE)
    return exponent if near else None


def sigmoid_factor(scale: float, exponents: Sequence[int]) -> tuple[int, int]:
    """The input's factor of the int16 logistic function and tangent: multiplier and right shift.

    Scales near 2**(e - 12), for e of `exponents`, are taken as that; others have 14 to 15 bits.
    """
    exponent = power_of_two(scale)
    if exponent is not None and exponent + 12 in exponents:
        return 3 << (exponent + 12), 0
    multiplier, shift = scale * SIGMOID_UNITS, 0
    while multiplier <= MAX_SIGMOID_MULTIPLIER / 2 and shift < MAX_SIGMOID_SHIFT:
        multiplier, shift = multiplier * 2, shift + 1
    return int(multiplier), shift


def _values(source: Quantization) -> range:
    return range(INT8_MIN - source.zero_point, INT8_MAX + 1 - source.zero_point)


def _rescaled(value: int, factor: Multiplier, output: Quantization) -> int:
    moved = requantize(value, factor) + output.zero_point
    wrapped = (moved - INT32_MIN) % 2**32 + INT32_MIN
    return min(max(wrapped, INT8_MIN), INT8_MAX)


def _halved(value: int) -> int:
    """`value`, not negative, over 2, halves up."""
    return (value + 1) >> 1


def _saturated(value: int) -> int:
    return min(max(value, INT32_MIN), INT32_MAX)


def _saturated_16(value: int) -> int:
    return min(max(value, INT16_MIN), INT16_MAX)


def _wrapped_16(value: int) -> int:
    return (value - INT16_MIN) % 2**16 + INT16_MIN


def _upper_half(factor: Multiplier) -> int:
    """The multiplier's upper 16 bits, rounded."""
    return min((factor.value + (1 << 15)) >> 16, INT16_MAX)


def _high_mul_16(a: int, b: int) -> int:
    """The high 16 bits of 2 * a * b, rounded, halves up."""
    return (a * b + (1 << 14)) >> 15


def _divided_16(value: int, exponent: int) -> int:
    """value / 2**exponent to nearest, halves away from zero, with the mask in 16 bits.

    From an exponent of 16 on the mask has no bit left to compare with: positive values give 1 and
    negative ones -1, as in the runtime.
    """
    mask = _wrapped_16((1 << exponent) - 1)
    threshold = (mask >> 1) + (value < 0)
    return (value >> exponent) + ((value & mask) > threshold)
