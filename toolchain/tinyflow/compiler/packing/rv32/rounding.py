"""Requantisation as the kernels of this backend have it: the short form, else the exact one."""

from __future__ import annotations

from dataclasses import dataclass

from tinyflow.compiler.packing.requantization import search
from tinyflow.compiler.packing.rv32.halves import signed
from tinyflow.compiler.packing.weighted import Weighted

INT32_MAX = (1 << 31) - 1


@dataclass(frozen=True)
class Rounding:
    """Per channel a bias, and multiplier, addend and exponent.

    A sum becomes ((sum * multiplier >> 32) + addend) >> exponent in the short form. In the exact
    one it is rounded twice, y = (sum * multiplier + 2^31) >> 32 first, then
    (y + addend - (y < 0)) >> exponent; its multipliers have 32 bits without a sign.
    """

    is_exact: bool
    bias: tuple[int, ...]
    factors: tuple[tuple[int, int, int], ...]

    @property
    def instructions(self) -> float:
        """Those of one output, the clamp and the store included."""
        return 11.5 if self.is_exact else 6.5


def rounding(layer: Weighted) -> Rounding | None:
    """How sums with the zero point folded into the bias become outputs.

    None where a factor is 1/2 or more, or the exact form would need more than 32 bits.
    """
    folded = layer.folded.tolist()
    short = search(layer)
    if short is not None:
        bias = tuple(one + kappa for one, kappa in zip(folded, short.kappa, strict=True))
        pairs = zip(short.multiplier, short.constant, strict=True)
        return Rounding(False, bias, tuple((m, c, short.exponent) for m, c in pairs))
    factors = [_exact(layer, channel) for channel in range(layer.output_channels)]
    if any(factor is None for factor in factors):
        return None
    return Rounding(True, tuple(folded), tuple(factor for factor in factors if factor))


def _exact(layer: Weighted, channel: int) -> tuple[int, int, int] | None:
    exponent = -int(layer.shift[channel])
    if exponent < 1:
        return None
    addend = (1 << (exponent - 1)) + (layer.output_offset << exponent)
    largest = max(-int(layer.low[channel]), int(layer.high[channel])) + 1
    if abs(addend) + largest > INT32_MAX:
        return None
    return signed(2 * int(layer.multiplier[channel])), addend, exponent
