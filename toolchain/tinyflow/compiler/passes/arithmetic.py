"""The device's integer arithmetic over whole arrays, and over ranges of values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tinyflow.compiler.quantmath import INT32_MAX, INT32_MIN

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Integers = NDArray[np.int64]


def wrap_32(values: Integers) -> Integers:
    """`values` modulo 2^32, in the range of int32."""
    return (values - INT32_MIN) % 2**32 + INT32_MIN


def requantize(values: Integers, multiplier: ArrayLike, shift: ArrayLike) -> Integers:
    """int32 `values` times multipliers, rounded twice; multiplier and shift broadcast.

    The same as quantmath.requantize, value by value.
    """
    shifts = np.asarray(shift, np.int64)
    left, right = np.maximum(shifts, 0), np.maximum(-shifts, 0)
    shifted = wrap_32(values << left)
    high = (shifted * np.asarray(multiplier, np.int64) + (1 << 30)) >> 31
    mask = (np.int64(1) << right) - 1
    threshold = (mask >> 1) + (high < 0)
    result: Integers = (high >> right) + ((high & mask) > threshold)
    return result


def requantize_to_bounds(
    values: Integers, multiplier: ArrayLike, shift: ArrayLike, offset: int, low: int, high: int
) -> Integers:
    """As the kernels end: requantised, the offset added in 32 bits, clamped to [low, high]."""
    result: Integers = np.clip(wrap_32(requantize(values, multiplier, shift) + offset), low, high)
    return result


def requantized_range(
    smallest: Integers,
    largest: Integers,
    multiplier: ArrayLike,
    shift: ArrayLike,
    offset: int,
    low: int,
    high: int,
) -> tuple[Integers, Integers]:
    """The least and the greatest result for accumulators from `smallest` to `largest`.

    A positive multiplier keeps the order of values. Where something may wrap, any result in
    [low, high] is possible.
    """
    left = np.maximum(np.asarray(shift, np.int64), 0)
    wraps = np.zeros(np.broadcast(smallest, left).shape, bool)
    for end in (smallest, largest):
        shifted = end << left
        added = requantize(end, multiplier, shift) + offset
        for found in (end, shifted, added):
            wraps |= (found < INT32_MIN) | (found > INT32_MAX)
    first = requantize_to_bounds(smallest, multiplier, shift, offset, low, high)
    last = requantize_to_bounds(largest, multiplier, shift, offset, low, high)
    return np.where(wraps, low, first), np.where(wraps, high, last)
