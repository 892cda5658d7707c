"""The offline search for short requantisations that are exact.

A requantised sum is a monotone staircase of the sum: double rounding, an offset and a clamp make at
most 255 steps between what the sums can reach. A single multiply-high with three constants,

    clamp((((sum + kappa) * multiplier) >> 32) + constant) >> exponent)   to [-128, 127],

is a staircase too. The search looks for constants whose steps are the very same, over all sums that
an input can reach; what it finds needs no test, it is verified step by step.

`exponent` is one per layer so that it can be an immediate; multiplier, kappa and constant are per
channel. kappa goes into the bias, so it costs nothing at run time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tinyflow.compiler.packing.weighted import INT8_MAX, INT8_MIN, Weighted

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEAR_MULTIPLIERS = (0, 1, -1, 2, -2, 3, -3)
KAPPA_LIMITS = (1 << 7, 1 << 10, 1 << 13, 1 << 16, 1 << 18)
UNLIMITED = 1 << 62
ROOM = 1 << 33
WORD = (1 << 32) - 1
MAX_EXPONENT = 15


@dataclass(frozen=True)
class ShortForm:
    """Constants of a layer: `exponent` for all channels, the others one per channel.

    `multiplier` is 1 to 2^31 - 1, and `sum + kappa` stays in 32 bits.
    """

    exponent: int
    multiplier: tuple[int, ...]
    kappa: tuple[int, ...]
    constant: tuple[int, ...]

    def apply(self, sums: NDArray[np.int64], channel: int) -> NDArray[np.int64]:
        """The outputs of one channel's sums, as kernels compute them."""
        product = (sums + self.kappa[channel]) * self.multiplier[channel] >> 32
        shifted = product + self.constant[channel] >> self.exponent
        return np.asarray(np.clip(shifted, INT8_MIN, INT8_MAX), np.int64)


def requantized(layer: Weighted, sums: NDArray[np.int64], channel: int) -> NDArray[np.int64]:
    """The outputs of one channel's sums as the contract has them: rounded twice, then clamped."""
    return _requantized(layer, sums, np.array([channel]))


def _requantized(
    layer: Weighted, sums: NDArray[np.int64], channels: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The same of several channels at a time: `sums` are [channels, n]."""
    multiplier, shift = layer.multiplier[channels, None], layer.shift[channels, None]
    left, right = np.maximum(shift, 0), np.maximum(-shift, 0)
    high = ((sums << left) * multiplier + (1 << 30)) >> 31
    mask = (np.int64(1) << right) - 1
    quotient = high >> right
    rounded = quotient + ((high & mask) > (mask >> 1) + (high < 0))
    limits = layer.activation_min, layer.activation_max
    found = np.clip(rounded + layer.output_offset, *limits)
    return np.asarray(found, np.int64).reshape(sums.shape)


def search(
    layer: Weighted,
    *,
    exponents: Sequence[int] | None = None,
    channels: Sequence[int] | None = None,
) -> ShortForm | None:
    """The short form of a layer; None where there is none with one exponent for all channels.

    There is none where the clamp is narrower than int8 within what sums can reach, or where a
    factor is 1/2 or more (its multiplier would not fit). `exponents` are those to try, in order:
    by default the largest that every channel has room for, then smaller ones. `channels` are
    those that matter, all by default; constants are in their order.
    """
    wanted = np.arange(layer.output_channels) if channels is None else np.array(channels, np.int64)
    largest = int((-layer.shift[wanted] - 1).min(initial=1 << 30))
    if exponents is None:
        exponents = range(min(largest, MAX_EXPONENT), max(0, largest - 3) - 1, -1)
    allowed = [exponent for exponent in exponents if 0 <= exponent <= min(largest, MAX_EXPONENT)]
    stairs = _staircases(layer, wanted) if allowed else None
    if stairs is None:
        return None
    for exponent in allowed:
        found = _forms(layer, stairs, exponent)
        if found is not None:
            return ShortForm(exponent, *(tuple(column.tolist()) for column in found.T))
    return None


@dataclass(frozen=True)
class _Staircases:
    """For each channel and each output value above the least, the least sum that gives it or more.

    Sums are `low` to `high`; a value that none gives has high + 1. `first` is [channels, 255].
    """

    channels: NDArray[np.int64]
    first: NDArray[np.int64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]


VALUES = np.arange(INT8_MIN + 1, INT8_MAX + 1, dtype=np.int64)


def _staircases(layer: Weighted, channels: NDArray[np.int64]) -> _Staircases | None:
    """None where the clamp cuts off what sums can reach above or below."""
    low, high = layer.low[channels], layer.high[channels]
    ends = _requantized(layer, np.stack([low, high], 1), channels)
    least, most = layer.activation_min, layer.activation_max
    if least > INT8_MIN and np.any(ends[:, 0] == least):
        return None
    if most < INT8_MAX and np.any(ends[:, 1] == most):
        return None
    lower = np.repeat(low[:, None], VALUES.size, 1)
    upper = np.repeat(high[:, None] + 1, VALUES.size, 1)
    while np.any(lower < upper):
        middle = (lower + upper) >> 1
        reached = _requantized(layer, np.minimum(middle, high[:, None]), channels) >= VALUES
        reached |= middle > high[:, None]
        upper = np.where(reached, middle, upper)
        lower = np.where(reached, lower, np.minimum(middle + 1, upper))
    return _Staircases(channels, lower, low, high)


def _forms(layer: Weighted, stairs: _Staircases, exponent: int) -> NDArray[np.int64] | None:
    """[channels, 3]: multiplier, kappa and constant of each, None where a channel has none.

    With P = 2^(32 + exponent), value j begins at sum t where t * multiplier + q reaches j * P; so
    q = kappa * multiplier + constant * 2^32 must lie in an interval that the steps give. All of it
    has under 63 bits: j * P has 54, sums and multipliers have 31 each.
    """
    found = np.zeros((stairs.channels.size, 3), np.int64)
    left = np.arange(stairs.channels.size)
    base = layer.multiplier >> (-layer.shift - 1 - exponent)
    for near in NEAR_MULTIPLIERS:
        multiplier = base[stairs.channels[left]] + near
        start, stop = _intervals(stairs, left, multiplier, exponent)
        missed = []
        bounds = zip(left, multiplier.tolist(), start.tolist(), stop.tolist(), strict=True)
        for row, m, a, b in bounds:
            form = _constants(m, a, b) if 0 < m < 1 << 31 else None
            if form is None or not _fits(stairs, int(row), form[0]):
                missed.append(row)
            else:
                found[row] = m, *form
        if not missed:
            return found
        if len(missed) == len(left) and near == NEAR_MULTIPLIERS[2]:
            return None
        left = np.array(missed)
    return None


def _intervals(
    stairs: _Staircases, rows: NDArray[np.int64], multiplier: NDArray[np.int64], exponent: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where q must lie, from start up to stop, stop excluded; empty where start >= stop."""
    first, low, high = stairs.first[rows], stairs.low[rows, None], stairs.high[rows, None]
    levels, m = VALUES << (32 + exponent), multiplier[:, None]
    # A value that the least sum has already begins there or before; one that none has, after all.
    start = np.where(first > high, -UNLIMITED, levels - first * m).max(1)
    stop = np.where(first <= low, UNLIMITED, levels - (first - 1) * m).min(1)
    free = start <= -UNLIMITED
    start = np.where(free, np.where(stop < UNLIMITED, stop - ROOM, 0), start)
    return start, np.where(stop >= UNLIMITED, start + ROOM, stop)


def _constants(multiplier: int, start: int, stop: int) -> tuple[int, int] | None:
    """(kappa, constant) with start <= kappa * multiplier + constant * 2^32 < stop, kappa small."""
    width = min(stop - start, 1 << 32)
    if width <= 0:
        return None
    whole, rest = start >> 32, start & WORD
    done = 0
    for limit in KAPPA_LIMITS:
        kappas = np.arange(done, limit, dtype=np.int64)
        for signed in (kappas, -kappas):
            good = ((signed * multiplier - rest) & WORD) < width
            if good.any():
                kappa = int(signed[int(np.argmax(good))])
                constant = whole - ((kappa * multiplier - rest) >> 32)
                if -(1 << 31) <= constant < 1 << 31:
                    return kappa, constant
        done = limit
    return None


def _fits(stairs: _Staircases, row: int, kappa: int) -> bool:
    """Whether sums with kappa stay in 32 bits."""
    low, high = int(stairs.low[row]) + kappa, int(stairs.high[row]) + kappa
    return low >= -(1 << 31) and high < 1 << 31
