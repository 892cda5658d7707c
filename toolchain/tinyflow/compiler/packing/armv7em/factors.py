"""How the kernels of this backend requantise: short where the search finds how, else in general.

    short:    clamp((sum * multiplier >> 32) + constant >> exponent)
    general:  clamp((2 * sum * multiplier >> 32, rounded) + half - (sum < 0) >> shift)

where half has the output's zero point in it. Odd channels have 256 times their sums; of the short
form that changes the constant and the exponent, and nothing else.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tinyflow.compiler.packing.requantization import ShortForm, search
from tinyflow.compiler.packing.weighted import Weighted

if TYPE_CHECKING:
    from numpy.typing import NDArray

ODD_BITS = 23
CONSTANT_BITS = 20


@dataclass(frozen=True, eq=False)
class Factors:
    """Of a layer's channels: `words` are [channels, words], for odd places `odd_words`.

    `kappa` is added to sums.
    """

    general: bool
    exponent: int
    kappa: NDArray[np.int64]
    words: NDArray[np.int64]
    odd_words: NDArray[np.int64]

    def of(self, group: Sequence[int]) -> NDArray[np.int64]:
        """The words of a group of channels, even and odd ones by turns; negative is no channel."""
        rows = [
            np.zeros_like(self.words[0]) if channel < 0 else words[channel]
            for channel, words in zip(group, (self.words, self.odd_words) * 2, strict=True)
        ]
        return np.concatenate(rows)


def find_factors(layer: Weighted, exponents: Sequence[int] | None = None) -> Factors | None:
    """The factors of a layer, with one of `exponents`; None where sums do not fit the kernels."""
    found = _short(layer, exponents) or _general(layer)
    if found is None:
        return None
    limit = 1 << ODD_BITS
    low, high = layer.low + found.kappa, layer.high + found.kappa
    return found if low.min() >= -limit and high.max() < limit else None


def _short(layer: Weighted, exponents: Sequence[int] | None) -> Factors | None:
    channels = layer.output_channels
    form = None
    if np.ptp(layer.multiplier) == np.ptp(layer.shift) == 0:
        form = search(_widest(layer), exponents=exponents, channels=[0])
    if form is not None:
        parts = [np.repeat(part, channels) for part in _parts(form)]
    else:
        form = search(layer, exponents=exponents)
        if form is None:
            return None
        parts = _parts(form)
    multiplier, kappa, constant = parts
    if np.abs(constant).max() >= 1 << CONSTANT_BITS:
        return None
    return Factors(
        False,
        form.exponent,
        kappa,
        np.stack([multiplier, constant], 1),
        np.stack([multiplier, constant * 256], 1),
    )


def _parts(form: ShortForm) -> list[NDArray[np.int64]]:
    parts = (form.multiplier, form.kappa, form.constant)
    return [np.array(part, np.int64) for part in parts]


class _Widest(Weighted):
    """A layer of which every channel reaches what any of them does."""

    @property
    def low(self) -> NDArray[np.int64]:
        return np.full(self.output_channels, super().low.min())

    @property
    def high(self) -> NDArray[np.int64]:
        return np.full(self.output_channels, super().high.max())


def _widest(layer: Weighted) -> Weighted:
    return _Widest(
        **{field.name: getattr(layer, field.name) for field in dataclasses.fields(layer)}
    )


def _general(layer: Weighted) -> Factors | None:
    right = -layer.shift
    if right.min() < 1:
        return None
    zero_point = layer.output_offset
    largest = np.maximum(np.abs(layer.low), np.abs(layer.high))
    if np.any(largest + ((abs(zero_point) + 1) << right) >= 1 << 31):
        return None
    half = (zero_point << right) + (1 << (right - 1))
    words = np.stack([layer.multiplier, half, right], 1)
    return Factors(True, 0, np.zeros(layer.output_channels, np.int64), words, words)
