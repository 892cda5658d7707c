"""From lives to a placement problem: which tensors share a buffer, and what keeps buffers apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tinyflow.compiler.memory.liveness import Key, Life, Liveness
from tinyflow.compiler.memory.problem import Apart, Problem

if TYPE_CHECKING:
    from tinyflow.compiler.ops.op import View

ALIGNMENT = 4
MOST_CHECKS = 100_000


@dataclass(frozen=True)
class Sharing:
    """Buffers, each with the tensors and rings in it at fixed offsets: `members[buffer][key]`."""

    members: tuple[dict[Key, int], ...]

    def offsets(self, buffers: Sequence[int]) -> dict[Key, int]:
        """The offset of every tensor and ring, from the offsets of the buffers."""
        return {
            key: start + inner
            for start, keys in zip(buffers, self.members, strict=True)
            for key, inner in keys.items()
        }


@dataclass
class _Groups:
    """Tensors that lie at a fixed distance from one another."""

    live: Liveness
    checks_left: int = MOST_CHECKS
    members: dict[Key, dict[Key, int]] = field(default_factory=dict)
    home: dict[Key, Key] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for key in self.live.sizes:
            self.members[key] = {key: 0}
            self.home[key] = key

    def join(self, view: View) -> None:
        """Put `part` into `whole`, with all that shares their buffers, unless that spoils a value.

        Every tensor stays aligned. After MOST_CHECKS pairs of tensors nothing is joined any more.
        """
        a, b = self.home[view.whole], self.home[view.part]
        if a == b or view.offset % ALIGNMENT:
            return
        self.checks_left -= len(self.members[a]) * len(self.members[b])
        if self.checks_left < 0:
            return
        shift = self.members[a][view.whole] + view.offset - self.members[b][view.part]
        moved = {key: inner + shift for key, inner in self.members[b].items()}
        if not all(
            _is_sound(self.live, x, y, there - here)
            for x, here in self.members[a].items()
            for y, there in moved.items()
        ):
            return
        self.members[a] |= moved
        del self.members[b]
        self.home |= dict.fromkeys(moved, a)


def share(live: Liveness, views: Sequence[View]) -> Sharing:
    """Put each part of `views` into its whole where no value is spoiled; the others are copied."""
    groups = _Groups(live)
    for view in views:
        groups.join(view)
    found = []
    for members in groups.members.values():
        lowest = min(members.values())
        found.append({key: inner - lowest for key, inner in members.items()})
    return Sharing(tuple(found))


def problem(live: Liveness, sharing: Sharing, *, overlapping: bool = True) -> Problem:
    """The placement of the buffers as a problem in units of ALIGNMENT.

    Without `overlapping`, no output may lie over an input.
    """
    place = {
        key: (buffer, inner)
        for buffer, members in enumerate(sharing.members)
        for key, inner in members.items()
    }
    taken: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for x, mine, y, other in _meetings(live):
        (a, ax), (b, by) = place[x], place[y]
        if a == b:
            continue
        if a > b:
            x, mine, y, other, a, ax, b, by = y, other, x, mine, b, by, a, ax
        low, high = _forbidden(live, x, mine, y, other, overlapping=overlapping)
        low, high = (low + ax - by) // ALIGNMENT, -((by - ax - high) // ALIGNMENT)
        if low < high:
            taken.setdefault((a, b), []).append((low, high))
    sizes = tuple(
        -(-max(inner + live.sizes[key] for key, inner in members.items()) // ALIGNMENT)
        for members in sharing.members
    )
    aparts = (
        Apart(a, b, low, high) for (a, b), spans in taken.items() for low, high in _merged(spans)
    )
    return Problem(sizes, tuple(aparts))


def _meetings(live: Liveness) -> list[tuple[Key, Life, Key, Life]]:
    """All pairs of lives of different tensors or rings that meet, in the order of their start."""
    everyone = sorted(
        ((life.first, number, key, life) for number, key in enumerate(live.lives)
         for life in live.lives[key]),
        key=lambda entry: entry[:2],
    )  # fmt: skip
    found: list[tuple[Key, Life, Key, Life]] = []
    going: list[tuple[Key, Life]] = []
    for first, _, key, life in everyone:
        going = [entry for entry in going if entry[1].last >= first]
        found += [(other, held, key, life) for other, held in going if other != key]
        going.append((key, life))
    return found


def _forbidden(
    live: Liveness, x: Key, mine: Life, y: Key, other: Life, *, overlapping: bool
) -> tuple[int, int]:
    """The distances from `x` to `y`, both ends excluded, at which the one spoils the other."""
    low, high = -live.sizes[y], live.sizes[x]
    if not overlapping:
        return low, high
    forward, back = live.reach(x, mine, y, other), live.reach(y, other, x, mine)
    if forward is not None:
        return max(low, forward), high
    if back is not None:
        return low, min(high, -back)
    return low, high


def _is_sound(live: Liveness, x: Key, y: Key, distance: int) -> bool:
    """Whether `y` may lie `distance` bytes after `x` whatever happens."""
    low, high = max(0, distance), min(live.sizes[x], distance + live.sizes[y])
    if low >= high:
        return True
    for mine in live.lives[x]:
        for other in live.lives[y]:
            if not mine.meets(other):
                continue
            if mine.part(low, high) == other.part(low - distance, high - distance):
                continue
            start, stop = _forbidden(live, x, mine, y, other, overlapping=True)
            if start < distance < stop:
                return False
    return True


def _merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Forbidden spans without those in between which nothing is allowed."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(spans):
        if merged and low < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return merged
