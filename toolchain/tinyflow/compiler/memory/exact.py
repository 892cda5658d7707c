"""The exact minimum: branch and bound over who lies below whom.

Each demand of a pair is a choice between two difference constraints, offset(b) >= offset(a) + high
or offset(a) >= offset(b) - low. With every choice made the least offsets are the longest paths
from the start of the arena; an arena of `total` is one more constraint, from its end back to its
start. The search keeps the matrix of all longest paths: a choice that would close a cycle of
positive length is impossible, so the other one is forced (as in job-shop scheduling: Carlier and
Pinson, 1989, Management Science 35).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tinyflow.compiler.memory.greedy import first_fit
from tinyflow.compiler.memory.problem import Problem

Distances = NDArray[np.int64]
STEP_COST = 600
LOOK_COST = 10


@dataclass
class Budget:
    """How much work a search may still do. Counted, not timed: the same model, the same plan."""

    left: int

    def part(self, most: int) -> Budget:
        """A budget of its own, of at most `most`; what it is granted is spent here."""
        granted = max(0, min(self.left, most))
        self.left -= granted
        return Budget(granted)

    def spend(self, amount: int) -> None:
        """Raise OutOfBudget where nothing is left."""
        self.left -= amount
        if self.left < 0:
            raise OutOfBudget


class OutOfBudget(Exception):  # noqa: N818 - it ends a search, it is no error
    """A search ended without an answer."""


def fit(problem: Problem, total: int, budget: Budget, rule: str = "most") -> list[int] | None:
    """Offsets with which all buffers end by `total`, or None where there are none.

    `rule` says what to branch on: the demand whose two choices leave the least room, by the one
    that leaves "most", the one that leaves "least", or "both". None is best: what one does not
    solve is often nothing for another. Raises OutOfBudget where the search ended before it knew.
    """
    if max(problem.sizes, default=0) > total:
        return None
    core, rest = _peel(problem, total)
    start: list[int | None] = [None] * len(problem.sizes)
    for component in _components(problem, core):
        found = _Search(problem.part(component), total, budget, rule).run()
        if found is None:
            return None
        for buffer, offset in zip(component, found, strict=True):
            start[buffer] = offset
    return first_fit(problem, reversed(rest), start)


def _peel(problem: Problem, total: int) -> tuple[list[int], list[int]]:
    """The buffers that matter, and the others in the order in which they were taken away.

    A buffer whose neighbours leave it an offset wherever they lie can be placed after them.
    """
    room = [
        total - size + 1 - sum(high - low - 1 for _, low, high in near if high > low)
        for size, near in zip(problem.sizes, problem.neighbours, strict=True)
    ]
    gone = [False] * len(room)
    rest: list[int] = []
    ready = [v for v, positions in enumerate(room) if positions > 0]
    while ready:
        buffer = ready.pop()
        if gone[buffer]:
            continue
        gone[buffer] = True
        rest.append(buffer)
        for other, low, high in problem.neighbours[buffer]:
            room[other] += max(0, high - low - 1)
            if room[other] > 0 and not gone[other]:
                ready.append(other)
    return [v for v, left in enumerate(gone) if not left], rest


def _components(problem: Problem, core: list[int]) -> list[list[int]]:
    """The core's buffers in groups that know nothing of one another, smallest group first."""
    left = set(core)
    groups = []
    for seed in core:
        if seed not in left:
            continue
        left.remove(seed)
        group, front = [seed], [seed]
        while front:
            for other, _, _ in problem.neighbours[front.pop()]:
                if other in left:
                    left.remove(other)
                    group.append(other)
                    front.append(other)
        groups.append(sorted(group))
    return sorted(groups, key=len)


@dataclass
class _Search:
    """The search of one component for offsets within `total`."""

    problem: Problem
    total: int
    budget: Budget
    rule: str
    a: NDArray[np.int64] = field(init=False)
    b: NDArray[np.int64] = field(init=False)
    low: NDArray[np.int64] = field(init=False)
    high: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        demands = np.array(
            [(p.a, p.b, p.low, p.high) for p in self.problem.aparts], dtype=np.int64
        ).reshape(-1, 4)
        self.a, self.b, self.low, self.high = demands.T
        self.budget.spend(LOOK_COST * self.problem.clique_looks)
        self.cliques = [np.array(c, dtype=np.int64) for c in self.problem.cliques if len(c) > 2]

    def run(self) -> list[int] | None:
        sizes = np.array(self.problem.sizes, dtype=np.int64)
        # The last row and column are the arena's start. Offsets are 0 to total - size.
        ends = np.append(sizes - self.total, 0)
        distances = ends[:, None] + np.zeros_like(ends)[None, :]
        np.fill_diagonal(distances, 0)
        twins = self._twins()
        mirrored = not twins and self._is_mirrored()
        if not all(self._choose(distances, i, below=bool(self.a[i] > self.b[i])) for i in twins):
            return None
        stack = [(distances, np.arange(len(self.a)), -1, True)]
        while stack:
            distances, open_, chosen, below = stack.pop()
            distances = distances.copy()
            if chosen >= 0 and not self._choose(distances, chosen, below):
                continue
            narrowed = self._narrow(distances, open_)
            if narrowed is None:
                continue
            if narrowed.size == 0:
                return [int(offset) for offset in distances[-1, :-1]]
            branch, first = self._branch(distances, narrowed)
            rest = narrowed[narrowed != branch]
            # Where all demands are symmetric a placement stands on its head just as well.
            if not (chosen < 0 and mirrored):
                stack.append((distances, rest, branch, not first))
            stack.append((distances, rest, branch, first))
        return None

    def _is_mirrored(self) -> bool:
        sizes = np.array(self.problem.sizes, dtype=np.int64)
        return bool(np.all(self.low == -sizes[self.b]) and np.all(self.high == sizes[self.a]))

    def _twins(self) -> list[int]:
        """Demands between buffers that are alike in all: the order of the two does not matter."""
        near = [set(entries) for entries in self.problem.neighbours]
        found = []
        for demand, p in enumerate(self.problem.aparts):
            size = self.problem.sizes[p.a]
            alike = size == self.problem.sizes[p.b] == p.high == -p.low
            if alike and near[p.a] - {(p.b, -size, size)} == near[p.b] - {(p.a, -size, size)}:
                found.append(demand)
        return found

    def _choose(self, distances: Distances, demand: int, below: bool) -> bool:
        """Put `b` below `a` for this demand, or above it. False where that is impossible."""
        a, b = int(self.a[demand]), int(self.b[demand])
        start, end, weight = (
            (b, a, -int(self.low[demand])) if below else (a, b, int(self.high[demand]))
        )
        self.budget.spend(distances.size + STEP_COST)
        if distances[end, start] + weight > 0:
            return False
        if distances[start, end] < weight:
            through = distances[:, start, None] + (distances[None, end, :] + weight)
            np.maximum(distances, through, out=distances)
        return True

    def _narrow(self, distances: Distances, open_: NDArray[np.int64]) -> NDArray[np.int64] | None:
        """Make all forced choices. The demands that are left open, or None at a dead end."""
        while True:
            self.budget.spend(2 * open_.size + STEP_COST)
            a, b, low, high = self.a[open_], self.b[open_], self.low[open_], self.high[open_]
            forward, back = distances[a, b], distances[b, a]
            no_below, no_above = forward > low, back + high > 0
            if bool(np.any(no_below & no_above)):
                return None
            kept = (back < -low) & (forward < high)
            forced = kept & (no_below | no_above)
            for demand, above in zip(open_[forced], no_below[forced], strict=True):
                if not self._choose(distances, int(demand), not above):
                    return None
            open_ = open_[kept & ~forced]
            if not bool(np.any(forced)):
                return None if self._is_overfull(distances) else open_

    def _branch(self, distances: Distances, open_: NDArray[np.int64]) -> tuple[int, bool]:
        """The demand with the least freedom, and whether to try `b` below `a` first."""
        a, b = self.a[open_], self.b[open_]
        below = self.low[open_] - distances[a, b]
        above = -self.high[open_] - distances[b, a]
        least, most = np.minimum(below, above) + 1.0, np.maximum(below, above) + 1.0
        room = {"most": most, "least": least, "both": least * most}[self.rule]
        position = int(np.argmin(room))
        return int(open_[position]), bool(below[position] >= above[position])

    def _is_overfull(self, distances: Distances) -> bool:
        """Whether some clique has more bytes than the stretch of the arena they must lie in."""
        sizes = np.array(self.problem.sizes, dtype=np.int64)
        for clique in self.cliques:
            head, size = distances[-1, clique], sizes[clique]
            end = -distances[clique, -1] + size
            inside = (head[None, :] >= head[:, None])[:, None, :] & (end[None, :] <= end[:, None])[
                None, :, :
            ]
            needed = (inside * size).sum(axis=2)
            self.budget.spend(inside.size)
            if bool(np.any((needed > end[None, :] - head[:, None]) & (needed > 0))):
                return True
        return False
