"""The order of the steps: one in which the fewest bytes are needed at once.

The search goes over sets of steps done, the one with the least peak first (dynamic programming over
down-sets, as in Liberis and Lane, 2019, arXiv 1910.05110). A step that frees as much as it makes,
and needs no more than was needed before, is taken at once: nothing is gained by waiting.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tinyflow.compiler.graph import Graph
from tinyflow.compiler.memory.conflicts import share
from tinyflow.compiler.memory.liveness import liveness
from tinyflow.compiler.memory.problem import least_cover

if TYPE_CHECKING:
    from tinyflow.compiler.steps import Step

MOST_LOOKS = 20_000
MOST_STEPS = 1000
MOST_WORK = 600_000
"""Tensors of shared buffers that the search looks at."""
BEAM = 16


def best_order(graph: Graph, steps: Sequence[Step]) -> tuple[int, ...]:
    """Positions of `steps` in the order whose busiest step needs the fewest bytes.

    Every step comes after those whose outputs it reads; what reads or changes a state keeps its
    place among the others that do. The least is certain where the search ended within MOST_LOOKS
    looks at a step after a set of others. The given order is kept where none needs less,
    and where it takes too long to
    know: where there are more than MOST_STEPS, or after MOST_WORK.
    """
    if len(steps) > MOST_STEPS:
        return tuple(range(len(steps)))
    costs = _Costs(graph, steps)
    given = tuple(range(len(steps)))
    if costs.least_work > MOST_WORK // 4:
        return given
    peak = _peak(costs, given)
    found = _search(costs, peak) or _beam(costs) or given
    return found if _peak(costs, found) < peak else given


def predecessors(graph: Graph, steps: Sequence[Step]) -> list[int]:
    """For each step the steps that must come before it, as a set of bits."""
    states = {state.tensor for state in graph.states}
    writer: dict[int, int] = {}
    readers: dict[int, int] = {}
    before = []
    for position, step in enumerate(steps):
        needed = 0
        for tensor in step.reads:
            if tensor in writer:
                needed |= 1 << writer[tensor]
        for tensor in step.updates:
            needed |= readers.get(tensor, 0)
            if tensor in writer:
                needed |= 1 << writer[tensor]
        before.append(needed & ~(1 << position))
        for tensor in states.intersection(step.reads):
            readers[tensor] = readers.get(tensor, 0) | 1 << position
        for tensor in step.updates:
            readers[tensor] = 0
        writer |= dict.fromkeys((*step.writes, *step.updates), position)
    return before


@dataclass
class _Costs:
    """What a step costs after a set of others, given as bits."""

    graph: Graph
    steps: Sequence[Step]
    before: list[int] = field(init=False)
    work: int = 0

    def __post_init__(self) -> None:
        self.before = predecessors(self.graph, self.steps)
        live = liveness(self.graph, self.steps)
        sharing = share(live, [view for step in self.steps for view in step.views])
        self._members = [
            [(key, inner, inner + live.sizes[key]) for key, inner in members.items()
             if isinstance(key, int)]
            for members in sharing.members
        ]  # fmt: skip
        self._buffer = {key: i for i, members in enumerate(self._members) for key, _, _ in members}
        self._sizes = live.sizes
        kept = {*self.graph.outputs, *(state.tensor for state in self.graph.states)}
        self._writer = {t: 1 << i for i, step in enumerate(self.steps) for t in step.writes}
        # A bit that is never done stands for the caller.
        caller = 1 << len(self.steps)
        self._readers = {key: caller if key in kept else 0 for key in live.sizes}
        for position, step in enumerate(self.steps):
            for tensor in (*step.reads, *step.updates):
                self._readers[tensor] |= 1 << position

    @property
    def least_work(self) -> int:
        """What it takes to know the peak of one order."""
        return sum(
            3 * len(self._members[self._buffer[tensor]])
            for step in self.steps
            for tensor in (*step.reads, *step.writes, *step.updates)
        )

    def ready(self, done: int) -> list[int]:
        """The steps that may come next."""
        return [
            position
            for position, before in enumerate(self.before)
            if not done >> position & 1 and not before & ~done
        ]

    def options(self, done: int, live: int, peak: int) -> list[tuple[int, int, int]]:
        """What may come next: the bytes needed, those live after it, and the step.

        Where a step frees what it makes and fits under the peak, it alone.
        """
        found = []
        for position in self.ready(done):
            if self.work > MOST_WORK:
                break
            needed, after = self.step(done, live, position)
            if needed <= peak and after <= live:
                return [(needed, after, position)]
            found.append((needed, after, position))
        return found

    def start(self) -> int:
        """The bytes live before the first step."""
        return sum(self._cover(buffer, 0, 0) for buffer in range(len(self._members)))

    def step(self, done: int, live: int, position: int) -> tuple[int, int]:
        """The bytes needed while a step runs, and those live after it."""
        step, bit = self.steps[position], 1 << position
        touched = {self._buffer[t] for t in (*step.reads, *step.writes, *step.updates)}
        now = sum(self._cover(buffer, done, 0) for buffer in touched)
        during = sum(self._cover(buffer, done, bit) for buffer in touched)
        after = sum(self._cover(buffer, done | bit, 0) for buffer in touched)
        saved = max((self._saved(lap.input, lap.output, lap.reach, done | bit)
                     for lap in step.overlaps), default=0)  # fmt: skip
        return live + during - now - saved + sum(step.rings), live + after - now

    def _saved(self, source: int, target: int, reach: int, done: int) -> int:
        """The bytes an output saves that lies over an input."""
        if self._readers[source] & ~done or self._buffer[source] == self._buffer[target]:
            return 0
        a, b = self._sizes[source], self._sizes[target]
        return a + b - least_cover(a, b, max(-b, reach), a)

    def _cover(self, buffer: int, done: int, running: int) -> int:
        """The bytes of a buffer that are live after the steps `done`, while one is running."""
        total = end = 0
        self.work += len(self._members[buffer])
        for key, start, stop in sorted(self._members[buffer], key=lambda member: member[1:]):
            writer = self._writer.get(key, 0)
            if writer & ~(done | running) or not (self._readers[key] & ~done or writer & running):
                continue
            total += max(0, stop - max(start, end))
            end = max(end, stop)
        return total


def _peak(costs: _Costs, order: Iterable[int]) -> int:
    done, live, peak = 0, costs.start(), 0
    for position in order:
        needed, live = costs.step(done, live, position)
        peak = max(peak, needed)
        done |= 1 << position
    return peak


def _search(costs: _Costs, limit: int) -> tuple[int, ...] | None:
    """The order with the least peak below `limit`, or any where there is none; None where that
    takes too long.
    """
    count = len(costs.steps)
    start = costs.start()
    front: list[tuple[int, int, tuple[int, ...], int, int]] = [(0, 0, (), 0, start)]
    seen = {0: 0}
    looked = 0
    while front:
        peak, _, order, done, live = heapq.heappop(front)
        if len(order) == count or peak >= limit:
            return order if len(order) == count else tuple(range(count))
        if peak > seen[done]:
            continue
        options = costs.options(done, live, peak)
        looked += len(options)
        if looked > MOST_LOOKS or costs.work > MOST_WORK:
            return None
        for needed, after, position in options:
            reached, most = done | 1 << position, max(peak, needed)
            if most < seen.get(reached, most + 1):
                seen[reached] = most
                entry = (most, -len(order) - 1, (*order, position), reached, after)
                heapq.heappush(front, entry)
    return None


def _beam(costs: _Costs) -> tuple[int, ...] | None:
    """A good order: the BEAM best sets of each size are followed. None where it takes too long."""
    costs.work = 0
    front: dict[int, tuple[int, int, tuple[int, ...]]] = {0: (0, costs.start(), ())}
    for _ in costs.steps:
        reached: dict[int, tuple[int, int, tuple[int, ...]]] = {}
        for done, (peak, live, order) in front.items():
            options = costs.options(done, live, peak)
            if costs.work > MOST_WORK:
                return None
            for needed, after, position in options:
                entry = (max(peak, needed), after, (*order, position))
                key = done | 1 << position
                reached[key] = min(entry, reached.get(key, entry))
        front = dict(sorted(reached.items(), key=lambda item: item[1])[:BEAM])
    return min(front.values())[2]
