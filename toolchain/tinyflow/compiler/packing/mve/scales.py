"""What makes outputs of sums: the short form where the search finds one, else double rounding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tinyflow.compiler.packing.requantization import search
from tinyflow.compiler.packing.weighted import Weighted

if TYPE_CHECKING:
    from numpy.typing import NDArray

LANES = 4
"""Channels whose sums are one vector."""


@dataclass(frozen=True, eq=False)
class Scales:
    """Three values per channel: a bias, a multiplier, and a constant (exact: a shift).

    `fields` are those of the kernels' parameters.
    """

    values: NDArray[np.int64]
    fields: tuple[tuple[str, int], ...]

    @property
    def exact(self) -> bool:
        return dict(self.fields)["exact"] == 1

    def quads(self) -> NDArray[np.int32]:
        """[channels / 4, 3, 4]: as vectors, with zeros after the last channel."""
        channels = self.values.shape[1]
        padded = np.zeros((3, -(-channels // LANES) * LANES), np.int64)
        padded[:, :channels] = self.values
        lanes: NDArray[np.int32] = padded.reshape(3, -1, LANES).swapaxes(0, 1).astype(np.int32)
        return lanes

    def at(self, starts: Sequence[int]) -> NDArray[np.int32]:
        """[starts, 3, 4]: of the four channels from each start on."""
        lanes = [self.values[:, start : start + LANES] for start in starts]
        return np.stack(lanes).astype(np.int32)


def scales(layer: Weighted) -> Scales | None:
    """The scales of a layer; None where the kernels have no form for them."""
    short = search(layer)
    if short is not None:
        values = np.array(
            [layer.folded + np.array(short.kappa), short.multiplier, short.constant], np.int64
        )
        fields = ("shift", -short.exponent), ("exact", 0)
        if _fits(values):
            return Scales(values, (*fields, *_clamp(layer)))
    if layer.shift.max() > 0:
        return None
    values = np.array([layer.folded, layer.multiplier, layer.shift], np.int64)
    if not _fits(values):
        return None
    return Scales(values, (("shift", 0), ("exact", 1), *_clamp(layer)))


def _clamp(layer: Weighted) -> tuple[tuple[str, int], ...]:
    return (*layer.fields("output_offset", "activation_min", "activation_max"),)


def _fits(values: NDArray[np.int64]) -> bool:
    return bool(values.min() >= -(1 << 31) and values.max() < 1 << 31)
