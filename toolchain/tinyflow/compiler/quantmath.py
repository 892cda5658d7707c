"""The arithmetic of quantised inference, exactly as the reference runtime does it.

Scales are float32 values held in Python floats. Which steps are done in float32 and which in
float64 differs from operator to operator and decides the last bit of a multiplier, so every
function here names its own. numpy is imported where float32 steps are needed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

INT8_MIN, INT8_MAX = -128, 127
INT16_MIN, INT16_MAX = -(2**15), 2**15 - 1
INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
INTEGER_RANGES = {"int8": (INT8_MIN, INT8_MAX), "int16": (INT16_MIN, INT16_MAX)}
"""The values of quantised activations, by their type."""

MAX_LEFT_SHIFT = 30
MIN_SHIFT = -31

SOFTMAX_INTEGER_BITS = 5
ADD_LEFT_SHIFT = 20
ADD_LEFT_SHIFT_INT16 = 15
SQUARED_DIFFERENCE_LEFT_SHIFT = 7

ACTIVATION_BOUNDS: dict[str, tuple[float | None, float | None]] = {
    "NONE": (None, None),
    "RELU": (0.0, None),
    "RELU_N1_TO_1": (-1.0, 1.0),
    "RELU6": (0.0, 6.0),
}
"""Real bounds of the fused activations, None where there is none."""


@dataclass(frozen=True)
class Multiplier:
    """A positive real number as value * 2**(shift - 31).

    `value` is 0 (for reals under 2**-32, which are flushed) or in [2**30, 2**31 - 1]; `shift` is
    at least -31.
    """

    value: int
    shift: int


def float32(value: float) -> float:
    """`value` rounded to float32."""
    import numpy as np

    with np.errstate(over="ignore", under="ignore"):
        return float(np.float32(value))


def round_half_away(value: float) -> int:
    """The nearest integer, halves away from zero. Raises OverflowError for infinities."""
    whole = math.floor(abs(value))
    whole += abs(value) - whole >= 0.5
    return -whole if value < 0 else whole


def quantize_multiplier(real: float) -> Multiplier:
    """`real`, finite and not negative, as a fixed-point multiplier."""
    if real == 0.0:
        return Multiplier(0, 0)
    fraction, shift = math.frexp(real)
    value = round_half_away(fraction * 2**31)
    if value == 2**31:
        value //= 2
        shift += 1
    return Multiplier(0, 0) if shift < MIN_SHIFT else Multiplier(value, shift)


def quantize_real(real: float, scale: float, zero_point: int) -> int:
    """The quantised value of `real`: float32 division, halves away from zero, not clamped.

    Raises OverflowError when the quotient is infinite.
    """
    import numpy as np

    with np.errstate(over="ignore"):
        quotient = float(np.float32(real) / np.float32(scale))
    return zero_point + round_half_away(quotient)


def activation_range(
    activation: str, scale: float, zero_point: int, dtype: str = "int8"
) -> tuple[int, int]:
    """The range of int8 or int16 that a fused activation leaves, in the output's scale."""
    low, high = ACTIVATION_BOUNDS[activation]
    least, greatest = INTEGER_RANGES[dtype]
    return (
        least if low is None else max(least, quantize_real(low, scale, zero_point)),
        greatest if high is None else min(greatest, quantize_real(high, scale, zero_point)),
    )


def convolution_scales(
    input_scale: float, weight_scales: Sequence[float], output_scale: float
) -> tuple[float, ...]:
    """Accumulator scale over output scale for each weight scale, all in float64."""
    return tuple(input_scale * scale / output_scale for scale in weight_scales)


def fully_connected_scale(input_scale: float, weight_scale: float, output_scale: float) -> float:
    """Accumulator scale over output scale; the product is rounded to float32 first."""
    import numpy as np

    with np.errstate(over="ignore", under="ignore"):
        product = float(np.float32(input_scale) * np.float32(weight_scale))
    return product / output_scale


def relu_scale(input_scale: float, output_scale: float) -> float:
    """Input scale over output scale, divided in float32."""
    import numpy as np

    with np.errstate(over="ignore", under="ignore"):
        return float(np.float32(input_scale) / np.float32(output_scale))


def add_scales(
    first: float, second: float, output: float, left_shift: int = ADD_LEFT_SHIFT
) -> tuple[float, float, float]:
    """The factors of ADD: of either input, shifted left by `left_shift`, and of their sum.

    The sum is in units of twice the larger input scale over 2**left_shift.
    """
    twice = float32(2.0 * max(first, second))
    shifted_output = float32(2.0**left_shift * output)
    return first / twice, second / twice, twice / shifted_output


@dataclass(frozen=True)
class SumConstants:
    """How two inputs are shifted left and scaled, and their sum."""

    left_shift: int
    inputs: tuple[Multiplier, Multiplier]
    output: Multiplier


def power_of_two_sum(first: float, second: float, output: float) -> SumConstants | None:
    """The sum of two int16 tensors whose scales count as powers of two, else None.

    One input has the output's scale, the other is divided by a power of two and rounded. The
    multipliers of one half undo a left shift by one, so that the sum itself is exact.
    """
    exponents = [power_of_two(scale) for scale in (first, second, output)]
    if None in exponents:
        return None
    *shifts, _ = (exponent - exponents[2] for exponent in exponents)  # type: ignore[operator]
    if max(shifts) != 0 or min(shifts) < MIN_SHIFT:
        return None
    one, two = (Multiplier(1 << 30, shift) for shift in shifts)
    return SumConstants(1, (one, two), Multiplier(1 << 30, 1))


def power_of_two(scale: float) -> int | None:
    """The exponent, where log2 of the scale is an integer to 0.001, in float32 steps.

    Logarithms are rounded to nearest as those of C are; numpy's of float32 are not.
    """
    import numpy as np

    exponent = np.float32(math.log(scale)) * (np.float32(1.0) / np.float32(math.log(2.0)))
    whole = round_half_away(float(exponent))
    return whole if abs(exponent - np.float32(whole)) < np.float32(1e-3) else None


def product_scale(first: float, second: float, output: float) -> float:
    """The factor of MUL: both input scales over the output's, in float32 steps."""
    import numpy as np

    with np.errstate(over="ignore", under="ignore"):
        return float(np.float32(first) * np.float32(second) / np.float32(output))


def squared_difference_scales(
    first: float, second: float, output: float, left_shift: int = SQUARED_DIFFERENCE_LEFT_SHIFT
) -> tuple[float, float, float]:
    """The factors of SQUARED_DIFFERENCE: of either input, shifted left, and of the square."""
    twice = float32(2.0 * max(first, second))
    shifted_output = float32(4.0**left_shift * output)
    return first / twice, second / twice, twice * twice / shifted_output


def mean_multiplier(input_scale: float, output_scale: float, count: int) -> Multiplier:
    """Input scale over output scale and over the `count` averaged values.

    The division by `count` is done on the fixed-point multiplier, which keeps 31 bits of it.
    """
    scaled = quantize_multiplier(input_scale / output_scale)
    shift = min(count.bit_length() - 1, 32, 31 + scaled.shift)
    return Multiplier((scaled.value << shift) // count, scaled.shift - shift)


@dataclass(frozen=True)
class SoftmaxConstants:
    """What the fixed-point exponential of SOFTMAX needs.

    A difference to the row's maximum times the multiplier is in Q5.26; differences under
    `diff_min` count as zero probability.
    """

    multiplier: Multiplier
    diff_min: int


def softmax_scale(beta: float, input_scale: float) -> float:
    """A difference of one in the input as Q5.26, limited to what 32 bits hold."""
    return min(beta * input_scale * 2.0 ** (31 - SOFTMAX_INTEGER_BITS), 2.0**31 - 1.0)


def softmax_constants(beta: float, input_scale: float) -> SoftmaxConstants:
    """The constants of SOFTMAX; `softmax_scale` must be over 1."""
    multiplier = quantize_multiplier(softmax_scale(beta, input_scale))
    largest = ((1 << SOFTMAX_INTEGER_BITS) - 1) << (31 - SOFTMAX_INTEGER_BITS)
    return SoftmaxConstants(multiplier, -(largest >> multiplier.shift))


def saturating_rounding_doubling_high_mul(a: int, b: int) -> int:
    """The high 32 bits of 2 * a * b, rounded; the one overflowing product saturates."""
    if a == b == INT32_MIN:
        return INT32_MAX
    return (a * b + (1 << 30)) >> 31


def rounding_divide_by_power_of_two(value: int, exponent: int) -> int:
    """value / 2**exponent to nearest, halves away from zero."""
    mask = (1 << exponent) - 1
    threshold = (mask >> 1) + (value < 0)
    return (value >> exponent) + ((value & mask) > threshold)


def requantize(value: int, multiplier: Multiplier) -> int:
    """`value` (int32) times the multiplier, rounded twice as on the device.

    The left shift wraps to 32 bits.
    """
    left, right = max(multiplier.shift, 0), max(-multiplier.shift, 0)
    shifted = ((value << left) - INT32_MIN) % 2**32 + INT32_MIN
    high = saturating_rounding_doubling_high_mul(shifted, multiplier.value)
    return rounding_divide_by_power_of_two(high, right)
