"""How the sums of each output channel become int8: tnf_mac16_channel_t of the kernels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinyflow.compiler.packing.requantization import search
from tinyflow.compiler.packing.weighted import Weighted

MAX_EXACT_SUM = 1 << 29
MAX_SHIFT = 21
SHORT_INSTRUCTIONS, EXACT_INSTRUCTIONS = 4, 11


@dataclass(frozen=True, eq=False)
class Channels:
    """Constants of each output channel. `kappa` goes into the bias; `shift` is 0 for the short way.

    The short way is clamp8(((sum + kappa) * multiplier >> 32) + constant). The exact one is the
    contract itself, with one bit after the point: for r = -shift of the contract's factor,

        clamp((4 * sum * multiplier >> 32) - 2 * (sum < 0) + constant >> r + 1),
        constant = 1 + 2 * 2^(r - 1) + 2^(r + 1) * output offset.

    4 * sum * multiplier / 2^32 is twice the product that the contract rounds to an integer, and the
    1 is that rounding's half; 2 * 2^(r - 1) is the half of the second rounding, and halves of
    negative values go down because one is taken from them.
    """

    kappa: NDArray[np.int64]
    multiplier: NDArray[np.int64]
    constant: NDArray[np.int64]
    shift: NDArray[np.int64]

    def words(self, bias: NDArray[np.int64]) -> NDArray[np.int64]:
        """[output channels, 4], with `bias` for what sums begin with."""
        return np.stack([bias, self.multiplier, self.constant, self.shift], axis=1)

    @property
    def instructions(self) -> float:
        """Of one output, on average over the channels."""
        short = self.shift == 0
        return float(np.where(short, SHORT_INSTRUCTIONS, EXACT_INSTRUCTIONS).mean())


def channels(layer: Weighted, *, uniform: bool = False) -> Channels | None:
    """Each channel the short way where it has one, else the exact way; None where neither will do.

    With `uniform` all channels go the same way.
    """
    exact = _exact(layer)
    count = layer.output_channels
    every = search(layer, exponents=(0,))
    if every is not None:
        return Channels(
            np.array(every.kappa, np.int64),
            np.array(every.multiplier, np.int64),
            np.array(every.constant, np.int64),
            np.zeros(count, np.int64),
        )
    if exact is None or uniform:
        return exact
    for channel in range(count):
        short = search(layer, exponents=(0,), channels=(channel,))
        if short is not None:
            exact.kappa[channel] = short.kappa[0]
            exact.multiplier[channel] = short.multiplier[0]
            exact.constant[channel] = short.constant[0]
            exact.shift[channel] = 0
    return exact


def _exact(layer: Weighted) -> Channels | None:
    right = np.where(layer.multiplier == 0, 1, -layer.shift).astype(np.int64)
    if right.min() < 1 or right.max() > MAX_SHIFT:
        return None
    if layer.low.min() <= -MAX_EXACT_SUM or layer.high.max() >= MAX_EXACT_SUM:
        return None
    constant = 1 + (1 << right) + layer.output_offset * (2 << right)
    return Channels(np.zeros_like(right), layer.multiplier.astype(np.int64), constant, right + 1)
