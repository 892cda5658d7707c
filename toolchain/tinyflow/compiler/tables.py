"""Functions of one quantised value as tables, exactly as the reference runtime makes them.

The runtime fills its tables with float32 arithmetic and the C library's functions. Here every step
is done in float32 as well, and a function's value is the float32 nearest to the exact one: that is
what C libraries give but for a last bit here and there, which shows in about one entry of a
million. A quotient too large for the runtime's integers, which C leaves undefined, saturates.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tinyflow.compiler.graph import Quantization
from tinyflow.compiler.quantmath import INT8_MAX, INT8_MIN, INT16_MAX, INT16_MIN

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Reals = NDArray[np.floating[Any]]

INT16_STEPS = 512
"""Straight lines in a table for int16, each over 128 values."""

Function = Callable[["Reals"], "Reals"]
"""A real function, elementwise, of float32 or float64 values and of the same type."""


def int8_table(function: Function, source: Quantization, output: Quantization) -> NDArray[np.int8]:
    """The outputs for the inputs -128 to 127, int8 [256].

    The output's scale must have a finite reciprocal in float32.
    """
    import numpy as np

    values = np.arange(INT8_MIN, INT8_MAX + 1) - source.zero_point
    with np.errstate(all="ignore"):
        inverse = np.float32(1) / np.float32(output.scale)
        reals = function(np.float32(source.scale) * values.astype(np.float32))
        rounded = round_half_away(reals * inverse) + np.float32(output.zero_point)
    made: NDArray[np.int8] = np.clip(rounded, INT8_MIN, INT8_MAX).astype(np.int8)
    return made


def int16_table(
    function: Function, source_scale: float, output_scale: float
) -> NDArray[np.int16] | None:
    """The points between which the runtime interpolates for int16, both zero points 0.

    int16 [513]: the outputs for -32768 and every 128th value after it, each moved by half of what
    the straight line misses in its middle. None where the function is not finite everywhere.
    """
    import numpy as np

    return _points(function, np.float32(source_scale), 0, np.float32(output_scale))


def exp_table() -> NDArray[np.int16]:
    """exp over -10 to 0, for the values -32768 to 32767, in units of 1/32768, int16 [513]."""
    return _softmax_table(_elementwise(_exp), 10.0, INT16_MAX)


def reciprocal_table() -> NDArray[np.int16]:
    """1 / (1 + x) over 0 to 1, for the values -32768 to 32767, in units of 1/32768, int16 [513]."""
    return _softmax_table(lambda x: 1.0 / (1.0 + x), 1.0, INT16_MIN)


def logistic(x: Reals) -> Reals:
    """1 / (1 + exp(-x))."""
    one = x.dtype.type(1)
    made: Reals = one / (one + exp(-x))
    return made


def tanh(x: Reals) -> Reals:
    """The hyperbolic tangent."""
    return _elementwise(math.tanh)(x)


def exp(x: Reals) -> Reals:
    """e to the power of x; infinity where that is too large."""
    return _elementwise(_exp)(x)


def elu(x: Reals) -> Reals:
    """exp(x) - 1 where x is negative, else x."""
    return _elementwise(lambda real: math.expm1(real) if real < 0 else real)(x)


def log_or(least: float) -> Function:
    """The natural logarithm, and `least` where there is none."""
    return _elementwise(lambda real: math.log(real) if real > 0 else least)


def rsqrt_or(greatest: float) -> Function:
    """1 / sqrt(x), and `greatest` for 0 and less."""
    import numpy as np

    def function(x: Reals) -> Reals:
        inverse = x.dtype.type(1) / np.sqrt(np.maximum(x, 0))
        made: Reals = np.where(x > 0, inverse, x.dtype.type(greatest))
        return made

    return function


def round_half_away(values: Reals) -> Reals:
    """The nearest integers, halves away from zero, of the same type."""
    import numpy as np

    wide = values.astype(np.float64)
    rounded: Reals = np.copysign(np.floor(np.abs(wide) + 0.5), wide).astype(values.dtype)
    return rounded


def _exp(real: float) -> float:
    try:
        return math.exp(real)
    except OverflowError:
        return math.inf


def _elementwise(function: Callable[[float], float]) -> Function:
    import numpy as np

    def of_array(x: Reals) -> Reals:
        with np.errstate(over="ignore", under="ignore"):
            return np.array([function(real) for real in x.tolist()]).astype(x.dtype)

    return of_array


def _softmax_table(function: Function, span: float, zero_point: int) -> NDArray[np.int16]:
    import numpy as np

    steps = INT16_MAX - INT16_MIN
    made = _points(function, np.float64(span / steps), zero_point, np.float64(2.0 / steps))
    if made is None:
        raise ValueError("a softmax function is not finite")
    return made


def _points(
    function: Function, scale: np.floating[Any], zero_point: int, output_scale: np.floating[Any]
) -> NDArray[np.int16] | None:
    import numpy as np

    kind = type(scale)
    with np.errstate(all="ignore"):
        least = scale * kind(INT16_MIN - zero_point)
        greatest = scale * kind(INT16_MAX - zero_point)
        width = output_scale * kind(INT16_MAX) - output_scale * kind(INT16_MIN)
        inverse = kind(INT16_MAX - INT16_MIN + 1) / width
        step = (greatest - least) / kind(INT16_STEPS)
        numbers = np.arange(INT16_STEPS + 1).astype(kind)
        here = least + numbers * step
        values = function(here)
        middles = function(here[:-1] + step / kind(2))
        values_here = round_half_away(values[:-1] * inverse)
        line = round_half_away((values[1:] * inverse + values_here) / kind(2))
        missed = line - round_half_away(middles * inverse)
        starts = values_here - round_half_away(missed / kind(2))
        last = round_half_away(function(np.array([greatest], kind)) * inverse)
        made = np.concatenate([starts, last])
    if np.isnan(made).any():
        return None
    points: NDArray[np.int16] = np.clip(made, INT16_MIN, INT16_MAX).astype(np.int16)
    return points
