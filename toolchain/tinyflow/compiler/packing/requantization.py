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
KAPPA_LIMITS = (1 << 8, 1 << 12, 1 << 18)
UNLIMITED = 1 << 62
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
    multiplier, shift = int(layer.multiplier[channel]), int(layer.shift[channel])
    left, right = max(shift, 0), max(-shift, 0)
    high = ((sums << left) * multiplier + (1 << 30)) >> 31
    mask = (1 << right) - 1
    quotient = high >> right
    rounded = quotient + ((high & mask) > (mask >> 1) + (high < 0))
    limits = layer.activation_min, layer.activation_max
    return np.asarray(np.clip(rounded + layer.output_offset, *limits), np.int64)


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
    those that matter, all by default.
    """
    wanted = range(layer.output_channels) if channels is None else channels
    largest = min((-int(layer.shift[c]) - 1 for c in wanted), default=-1)
    if exponents is None:
        exponents = range(min(largest, MAX_EXPONENT), max(0, largest - 3) - 1, -1)
    steps: dict[int, _Staircase | None] = {}
    for exponent in exponents:
        if not 0 <= exponent <= largest:
            continue
        found: list[tuple[int, int, int]] = []
        for channel in wanted:
            if channel not in steps:
                steps[channel] = _staircase(layer, channel)
            stairs = steps[channel]
            if stairs is None:
                return None
            one = _channel(layer, channel, exponent, stairs)
            if one is None:
                break
            found.append(one)
        else:
            multiplier, kappa, constant = zip(*found, strict=True) if found else ((), (), ())
            return ShortForm(exponent, multiplier, kappa, constant)
    return None


@dataclass(frozen=True)
class _Staircase:
    """For each output value `values`, the least sum that gives it or more, of sums low to high."""

    values: NDArray[np.int64]
    first: NDArray[np.int64]
    low: int
    high: int


def _staircase(layer: Weighted, channel: int) -> _Staircase | None:
    low, high = int(layer.low[channel]), int(layer.high[channel])
    ends = requantized(layer, np.array([low, high], np.int64), channel)
    limits = layer.activation_min, layer.activation_max
    clamped = (ends[0] == limits[0] > INT8_MIN) or (ends[1] == limits[1] < INT8_MAX)
    if clamped:
        return None
    values = np.arange(INT8_MIN + 1, INT8_MAX + 1, dtype=np.int64)
    least = np.full(values.size, low, np.int64)
    most = np.full(values.size, high + 1, np.int64)
    while np.any(least < most):
        middle = (least + most) >> 1
        reached = requantized(layer, middle, channel) >= values
        most = np.where(reached & (least < most), middle, most)
        least = np.where(~reached & (least < most), middle + 1, least)
    return _Staircase(values, least, low, high)


def _channel(
    layer: Weighted, channel: int, exponent: int, stairs: _Staircase
) -> tuple[int, int, int] | None:
    """(multiplier, kappa, constant) of one channel.

    With P = 2^(32 + exponent), value j begins at sum t where t * multiplier + q reaches j * P; so
    q = kappa * multiplier + constant * 2^32 must lie in an interval that the steps give.
    """
    deeper = -int(layer.shift[channel]) - 1 - exponent
    base = int(layer.multiplier[channel]) >> deeper
    period = 1 << (32 + exponent)
    # Python's integers: the products have more than 64 bits.
    values, first = stairs.values.tolist(), stairs.first.tolist()
    pairs = list(zip(values, first, strict=True))
    inside = [(j, t) for j, t in pairs if stairs.low < t <= stairs.high]
    below = [j for j, t in pairs if t <= stairs.low]
    above = [j for j, t in pairs if t > stairs.high]
    for near in NEAR_MULTIPLIERS:
        multiplier = base + near
        if not 0 < multiplier < 1 << 31:
            continue
        least = [j * period - t * multiplier for j, t in inside]
        most = [j * period - (t - 1) * multiplier for j, t in inside]
        if below:
            least.append(below[-1] * period - stairs.low * multiplier)
        if above:
            most.append(above[0] * period - stairs.high * multiplier)
        start, stop = max(least, default=-UNLIMITED), min(most, default=UNLIMITED)
        if start <= -UNLIMITED:
            start = stop - (1 << 33) if stop < UNLIMITED else 0
        if stop >= UNLIMITED:
            stop = start + (1 << 33)
        found = _constants(multiplier, start, stop)
        if found is not None and _fits(stairs, found[0]):
            return multiplier, *found
    return None


def _constants(multiplier: int, start: int, stop: int) -> tuple[int, int] | None:
    """(kappa, constant) with start <= kappa * multiplier + constant * 2^32 < stop, kappa small."""
    if start >= stop:
        return None
    for limit in KAPPA_LIMITS:
        steps = np.arange(limit, dtype=np.int64)
        for kappas in (steps, -steps):
            # Within +-2^49; start is brought down to where 64 bits hold it.
            whole, rest = start >> 32, start & 0xFFFFFFFF
            products = kappas * multiplier
            constants = -((products - rest) >> 32)
            reached = products + (constants << 32)
            good = reached - rest < min(stop - start, 1 << 40)
            if good.any():
                first = int(np.argmax(good))
                constant = int(constants[first]) + whole
                if -(1 << 31) <= constant < 1 << 31:
                    return int(kappas[first]), constant
    return None


def _fits(stairs: _Staircase, kappa: int) -> bool:
    return stairs.low + kappa >= -(1 << 31) and stairs.high + kappa < 1 << 31
