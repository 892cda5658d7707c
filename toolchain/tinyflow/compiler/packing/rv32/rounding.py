"""Requantisation as the kernels of this backend have it: the short form, else the exact one."""

from __future__ import annotations

from dataclasses import dataclass

from tinyflow.compiler.packing.requantization import search
from tinyflow.compiler.packing.weighted import Weighted

EXACT = -1


@dataclass(frozen=True)
class Rounding:
    """Per channel a bias, a multiplier, and the short form's constant or the exact form's shift.

    `exponent` is the short form's, or EXACT.
    """

    exponent: int
    bias: tuple[int, ...]
    multiplier: tuple[int, ...]
    addend: tuple[int, ...]

    @property
    def instructions(self) -> float:
        """Those of one output, the store included."""
        return 50.0 if self.exponent == EXACT else 6.5


def rounding(layer: Weighted) -> Rounding:
    """How sums with the zero point folded into the bias become outputs."""
    folded = layer.folded.tolist()
    short = search(layer)
    if short is None:
        shifts = tuple(layer.shift.tolist())
        return Rounding(EXACT, tuple(folded), tuple(layer.multiplier.tolist()), shifts)
    bias = tuple(one + kappa for one, kappa in zip(folded, short.kappa, strict=True))
    return Rounding(short.exponent, bias, short.multiplier, short.constant)
