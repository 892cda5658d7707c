"""Groups of weights whose sums keep 16 bits, so that two of them fit into one word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tinyflow.compiler.packing.weighted import INT8_MAX, INT8_MIN

if TYPE_CHECKING:
    from numpy.typing import NDArray

HALF_MIN, HALF_MAX = -(1 << 15), (1 << 15) - 1


def groups(weights: NDArray[np.int64], most: int) -> list[int]:
    """How many taps go into each group: as many as every channel has room for, up to `most`.

    `weights` are [channels, taps]. No input can take the sum of a group out of 16 bits.
    """
    extremes = np.stack([weights * INT8_MIN, weights * INT8_MAX])
    least, greatest = extremes.min(0), extremes.max(0)
    found: list[int] = []
    start, taps = 0, weights.shape[1]
    while start < taps:
        reach = slice(start, start + most)
        low, high = least[:, reach].cumsum(1).min(0), greatest[:, reach].cumsum(1).max(0)
        outside = np.flatnonzero((low < HALF_MIN) | (high > HALF_MAX))
        count = int(outside[0]) if outside.size else low.size
        found.append(count)
        start += count
    return found


def word(low: int, high: int) -> int:
    """low + 65536 * high as an int32."""
    return signed(low + (high << 16))


def signed(value: int) -> int:
    """The value modulo 2^32, as an int32."""
    return (value + (1 << 31)) % (1 << 32) - (1 << 31)
