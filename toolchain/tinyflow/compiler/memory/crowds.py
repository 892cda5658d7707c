"""Models with thousands of tensors alive at once: a placement that takes no time.

What the other planning does goes over pairs of tensors that live at the same time. Where there are
too many of them, each tensor keeps its bytes from its first life to its last, shares none, and is
placed by size in the lowest gap.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tinyflow.compiler.memory.liveness import Key, Liveness

MOST_MEETINGS = 10_000
"""Pairs of lives that meet, up to which they are looked at one by one."""


def meetings(live: Liveness) -> int:
    """How many pairs of lives meet."""
    firsts = np.sort([life.first for lives in live.lives.values() for life in lives])
    lasts = np.sort([life.last for lives in live.lives.values() for life in lives])
    # A life meets those that begin later, by its end.
    begun = np.searchsorted(firsts, lasts, side="right")
    return int(begun.sum() - firsts.size * (firsts.size + 1) // 2)


def place_apart(live: Liveness, alignment: int) -> dict[Key, int]:
    """Offsets, multiples of `alignment`, at which nothing lies over anything alive."""
    keys = sorted(live.sizes, key=lambda key: -live.sizes[key])
    first = np.array([min(life.first for life in live.lives[key]) for key in keys], np.int64)
    last = np.array([max(life.last for life in live.lives[key]) for key in keys], np.int64)
    placed: NDArray[np.int64] = np.empty((4, 0), np.int64)  # by offset: its end, first, last
    offsets: dict[Key, int] = {}
    for number, key in enumerate(keys):
        met = placed[:, (placed[2] <= last[number]) & (placed[3] >= first[number])]
        ends = np.maximum.accumulate(np.append(0, met[1]))
        gaps = np.flatnonzero(met[0] - ends[:-1] >= live.sizes[key])
        offset = int(ends[gaps[0]] if gaps.size else ends[-1])
        end = offset - (-live.sizes[key] // alignment) * alignment
        entry = np.array([offset, end, first[number], last[number]], np.int64)
        place = int(np.searchsorted(placed[0], offset))
        placed = np.insert(placed, place, entry, axis=1)
        offsets[key] = offset
    return offsets
