"""The placement problem: buffers on a line, and pairs that must keep apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import gcd

MOST_LOOKS = 1_000_000
MOST_CLIQUE_LOOKS = 150_000


@dataclass(frozen=True)
class Apart:
    """A demand on two buffers: offset(b) - offset(a) is at most `low` or at least `high`.

    Buffers that hold different values at the same time have low = -size(b), high = size(a).
    """

    a: int
    b: int
    low: int
    high: int


@dataclass(frozen=True)
class Problem:
    """Buffers by their sizes, and all that keeps pairs of them apart.

    A pair may have several demands. Offsets start at 0. All numbers are in one unit: bytes, or
    multiples of the alignment.
    """

    sizes: tuple[int, ...]
    aparts: tuple[Apart, ...]

    @cached_property
    def neighbours(self) -> tuple[tuple[tuple[int, int, int], ...], ...]:
        """For each buffer `v`, all (other, low, high) with offset(v) - offset(other) outside."""
        lists: list[list[tuple[int, int, int]]] = [[] for _ in self.sizes]
        for apart in self.aparts:
            lists[apart.b].append((apart.a, apart.low, apart.high))
            lists[apart.a].append((apart.b, -apart.high, -apart.low))
        return tuple(map(tuple, lists))

    @cached_property
    def unit(self) -> int:
        """The greatest common divisor of all numbers: every least offset is a multiple of it."""
        return gcd(*self.sizes, *(n for apart in self.aparts for n in (apart.low, apart.high))) or 1

    def scaled(self, unit: int) -> Problem:
        """The same problem, in units of `unit`, which divides all numbers."""
        return Problem(
            tuple(size // unit for size in self.sizes),
            tuple(Apart(p.a, p.b, p.low // unit, p.high // unit) for p in self.aparts),
        )

    def part(self, kept: Sequence[int]) -> Problem:
        """The problem of the buffers `kept` alone, renumbered in that order."""
        number = {buffer: i for i, buffer in enumerate(kept)}
        return Problem(
            tuple(self.sizes[buffer] for buffer in kept),
            tuple(
                Apart(number[p.a], number[p.b], p.low, p.high)
                for p in self.aparts
                if p.a in number and p.b in number
            ),
        )

    def extent(self, offsets: Sequence[int]) -> int:
        """Where the last buffer ends."""
        return max((o + size for o, size in zip(offsets, self.sizes, strict=True)), default=0)

    def allows(self, offsets: Sequence[int]) -> bool:
        """Whether the offsets keep every demand."""
        return min(offsets, default=0) >= 0 and not any(
            p.low < offsets[p.b] - offsets[p.a] < p.high for p in self.aparts
        )

    @cached_property
    def lower_bound(self) -> int:
        """No placement is smaller: the heaviest sets found of buffers that cannot overlap at all.

        One pair in each set may overlap in part; what both cover at least counts for it. After
        MOST_LOOKS looks at a buffer no more sets are tried.
        """
        hard, soft = self._hard, dict[tuple[int, int], int]()
        for p in self.aparts:
            a, b = self.sizes[p.a], self.sizes[p.b]
            if p.b not in hard[p.a]:
                pair = (min(p.a, p.b), max(p.a, p.b))
                soft[pair] = max(soft.get(pair, 0), least_cover(a, b, p.low, p.high))
        best, left = max(self.sizes, default=0), MOST_LOOKS
        alone = ((size, hard[v]) for v, size in enumerate(self.sizes))
        pairs = ((cover, hard[a] & hard[b]) for (a, b), cover in soft.items())
        for start, candidates in (*alone, *pairs):
            weight, looks = self._clique(candidates, hard)
            best, left = max(best, start + weight), left - looks
            if left < 0:
                break
        return best

    @property
    def cliques(self) -> tuple[tuple[int, ...], ...]:
        """Sets of buffers that cannot overlap at all, as large as it gets: one around every two,
        or around the first until MOST_CLIQUE_LOOKS buffers were looked at.
        """
        return self._cliques[0]

    @property
    def clique_looks(self) -> int:
        """How many buffers were looked at to find the cliques."""
        return self._cliques[1]

    @cached_property
    def _cliques(self) -> tuple[tuple[tuple[int, ...], ...], int]:
        hard = self._hard
        found: set[tuple[int, ...]] = set()
        looks = 0
        for p in self.aparts:
            if p.b not in hard[p.a]:
                continue
            if looks > MOST_CLIQUE_LOOKS:
                break
            clique, left = {p.a, p.b}, hard[p.a] & hard[p.b]
            while left:
                looks += len(left) * (1 + len(left) // 16)
                chosen = max(left, key=lambda v: (len(left & hard[v]), self.sizes[v], -v))
                clique.add(chosen)
                left &= hard[chosen]
            found.add(tuple(sorted(clique)))
        return tuple(sorted(found)), looks

    @cached_property
    def _hard(self) -> tuple[set[int], ...]:
        """For each buffer those that cannot overlap it at all."""
        found: tuple[set[int], ...] = tuple(set() for _ in self.sizes)
        for p in self.aparts:
            if p.low <= -self.sizes[p.b] and p.high >= self.sizes[p.a]:
                found[p.a].add(p.b)
                found[p.b].add(p.a)
        return found

    def _clique(self, candidates: Iterable[int], hard: Sequence[set[int]]) -> tuple[int, int]:
        """The weight of a set of candidates that are all hard neighbours of one another, and how
        many looks at a buffer it took.
        """
        weight = 0
        left = set(candidates)
        looks = len(left)
        for v in sorted(left, key=lambda v: (-self.sizes[v], v)):
            if v in left:
                weight += self.sizes[v]
                looks += min(len(left), len(hard[v]))
                left &= hard[v]
        return weight, looks


def least_cover(a: int, b: int, low: int, high: int) -> int:
    """How much two buffers cover at least, where b - a is at most `low` or at least `high`."""

    def common(distance: int) -> int:
        return max(0, min(a, distance + b) - max(0, distance))

    # They have most in common at distances between 0 and a - b.
    below = common(min(low, max(0, a - b)))
    above = common(max(high, min(0, a - b)))
    return a + b - max(below, above)
