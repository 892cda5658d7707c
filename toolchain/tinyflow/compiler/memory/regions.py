"""Two memories, one fast and small, one slow and large: which tensor lies in which, by traffic.

Traffic is what an inference reads and writes, in bytes. The fast memory gets the tensors that
together have the most, as long as a placement of them fits; both memories are planned as one arena
each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tinyflow.compiler.graph import Graph
from tinyflow.compiler.memory.conflicts import ALIGNMENT, Sharing, problem, share
from tinyflow.compiler.memory.exact import Budget, OutOfBudget, fit
from tinyflow.compiler.memory.greedy import best_of_orders
from tinyflow.compiler.memory.liveness import Key, Liveness, liveness
from tinyflow.compiler.memory.plan import Plan, aligned, lowest_gap
from tinyflow.compiler.memory.problem import Problem
from tinyflow.compiler.memory.solve import place

if TYPE_CHECKING:
    from tinyflow.compiler.steps import Step

MOST_CHOICES = 3000
WORK_OF_A_CHOICE = 400_000


@dataclass(frozen=True)
class Place:
    """An offset in the fast memory or in the slow one."""

    fast: bool
    offset: int


@dataclass(frozen=True)
class RegionPlan:
    """Where everything lies, in which of two memories.

    `tensors` are by index, `rings` and `scratch` by step position. `fast_bytes` and `slow_bytes`
    are what the two arenas take. `fast_traffic` bytes of `traffic` go to the fast memory in an
    inference, scratch not counted; `proved` says that no choice brings more of it there.
    """

    tensors: Mapping[int, Place]
    rings: Mapping[int, tuple[Place, ...]]
    scratch: Mapping[int, Place]
    fast_bytes: int
    slow_bytes: int
    fast_traffic: int
    traffic: int
    proved: bool

    def as_one_arena(self) -> Plan:
        """The plan of an arena that is the fast one, with the slow one behind it."""

        def at(found: Place) -> int:
            return found.offset if found.fast else aligned(self.fast_bytes) + found.offset

        total = aligned(self.fast_bytes) + self.slow_bytes
        return Plan(
            arena_bytes=total,
            activation_bytes=total,
            offsets={tensor: at(found) for tensor, found in self.tensors.items()},
            scratch_offsets={position: at(found) for position, found in self.scratch.items()},
            ring_offsets={key: tuple(map(at, found)) for key, found in self.rings.items()},
            proved=False,
        )


def plan_regions(
    graph: Graph,
    steps: Sequence[Step],
    fast_bytes: int,
    traffic: Mapping[int, int] | None = None,
) -> RegionPlan:
    """The plan of `steps` over `fast_bytes` of fast memory and as much slow memory as is needed.

    `traffic` is what an inference reads and writes of each tensor, in bytes; by default a step
    reads each of its inputs once and writes each of its outputs once. A ring counts twice its size.
    Scratch goes into the fast memory where a gap of its step is left there.
    """
    live = liveness(graph, steps)
    sharing = share(live, [view for step in steps for view in step.views])
    demands = problem(live, sharing)
    load = _traffic(steps, live, sharing, traffic)
    choice = _Choice(demands, load, fast_bytes // ALIGNMENT)
    chosen = choice.run()
    offsets, fast = _offsets(demands, choice, chosen, sharing)
    scratch, ends = _scratch(steps, live, offsets, fast, fast_bytes)
    return RegionPlan(
        tensors={k: Place(k in fast, o) for k, o in offsets.items() if isinstance(k, int)},
        rings={
            position: tuple(
                Place((position, i) in fast, offsets[position, i]) for i in range(len(step.rings))
            )
            for position, step in enumerate(steps)
            if step.rings
        },
        scratch=scratch,
        fast_bytes=ends[True],
        slow_bytes=ends[False],
        fast_traffic=sum(load[buffer] for buffer in chosen),
        traffic=sum(load),
        proved=choice.proved,
    )


def _traffic(
    steps: Sequence[Step],
    live: Liveness,
    sharing: Sharing,
    given: Mapping[int, int] | None,
) -> list[int]:
    """The traffic of every buffer. A copy that the sharing spares has none."""
    inner = {key: (i, at) for i, keys in enumerate(sharing.members) for key, at in keys.items()}
    load: dict[Key, int] = {}
    for position, step in enumerate(steps):
        spared = [
            view
            for view in step.views
            if inner[view.part] == (inner[view.whole][0], inner[view.whole][1] + view.offset)
        ]
        if len(spared) < max(1, len(step.views)):
            for tensor in (*step.reads, *step.writes, *step.updates):
                load[tensor] = load.get(tensor, 0) + live.sizes[tensor]
        for number, ring in enumerate(step.rings):
            load[position, number] = 2 * ring
    for tensor, size in (given or {}).items():
        load[tensor] = size
    return [sum(load.get(key, 0) for key in keys) for keys in sharing.members]


def _offsets(
    demands: Problem, choice: _Choice, chosen: Sequence[int], sharing: Sharing
) -> tuple[dict[Key, int], set[Key]]:
    """The offsets in both memories, and what lies in the fast one."""
    rest = [buffer for buffer in range(len(demands.sizes)) if buffer not in chosen]
    starts = dict(zip(rest, place(demands.part(rest)).offsets, strict=True))
    starts |= dict(zip(chosen, choice.placed(chosen) or (), strict=True))
    fast = {key for buffer in chosen for key in sharing.members[buffer]}
    buffers = [starts[buffer] * ALIGNMENT for buffer in range(len(demands.sizes))]
    return sharing.offsets(buffers), fast


def _scratch(
    steps: Sequence[Step],
    live: Liveness,
    offsets: Mapping[Key, int],
    fast: set[Key],
    fast_bytes: int,
) -> tuple[dict[int, Place], dict[bool, int]]:
    """Where each step's scratch lies, and where the fast memory and the slow one end."""
    regions = {
        where: {key: start for key, start in offsets.items() if (key in fast) == where}
        for where in (True, False)
    }
    ends = {
        where: max((start + aligned(live.sizes[key]) for key, start in held.items()), default=0)
        for where, held in regions.items()
    }
    found = {}
    for position, step in enumerate(steps):
        if not step.scratch_bytes:
            continue
        start = lowest_gap(live, regions[True], position, step.scratch_bytes)
        where = start + step.scratch_bytes <= fast_bytes
        if not where:
            start = lowest_gap(live, regions[False], position, step.scratch_bytes)
        found[position] = Place(where, start)
        ends[where] = max(ends[where], start + aligned(step.scratch_bytes))
    return found, ends


@dataclass
class _Choice:
    """Which buffers fit into `room` together and have the most traffic: branch and bound."""

    demands: Problem
    load: Sequence[int]
    room: int
    proved: bool = True
    _known: dict[tuple[int, ...], list[int] | None] = field(default_factory=dict)

    def run(self) -> list[int]:
        """The best choice found, in the order of the buffers."""
        sizes = self.demands.sizes
        fitting = [v for v, load in enumerate(self.load) if load and 0 < sizes[v] <= self.room]
        order = sorted(fitting, key=lambda v: (-self.load[v] / sizes[v], -self.load[v], v))
        by_traffic = sorted(fitting, key=lambda v: (-self.load[v], v))
        best = max(map(self._greedy, (order, by_traffic)), key=self._total)
        cliques = [set(clique) for clique in self.demands.cliques]
        looks = 0
        stack: list[tuple[int, list[int]]] = [(0, [])]
        while stack:
            depth, chosen = stack.pop()
            if self._total(chosen) > self._total(best):
                best = chosen
            if depth == len(order) or self._bound(chosen, order[depth:], cliques) <= self._total(
                best
            ):
                continue
            looks += 1
            if looks > MOST_CHOICES:
                self.proved = False
                break
            stack.append((depth + 1, chosen))
            more = [*chosen, order[depth]]
            if self.placed(more) is not None:
                stack.append((depth + 1, more))
        return sorted(best)

    def placed(self, chosen: Sequence[int]) -> list[int] | None:
        """Offsets of the chosen buffers, in that order, or None where they do not fit."""
        key = tuple(sorted(chosen))
        if key not in self._known:
            self._known[key] = self._place(key)
        found = self._known[key]
        if found is None:
            return None
        at = dict(zip(key, found, strict=True))
        return [at[buffer] for buffer in chosen]

    def _place(self, chosen: Sequence[int]) -> list[int] | None:
        part = self.demands.part(chosen)
        if part.lower_bound > self.room:
            return None
        offsets, _ = best_of_orders(part)
        if part.extent(offsets) <= self.room:
            return offsets
        try:
            return fit(part, self.room, Budget(WORK_OF_A_CHOICE))
        except OutOfBudget:
            self.proved = False
            return None

    def _total(self, chosen: Sequence[int]) -> int:
        return sum(self.load[buffer] for buffer in chosen)

    def _greedy(self, order: Sequence[int]) -> list[int]:
        chosen: list[int] = []
        for buffer in order:
            if self.placed([*chosen, buffer]) is not None:
                chosen.append(buffer)
        return chosen

    def _bound(
        self, chosen: Sequence[int], rest: Sequence[int], cliques: Sequence[set[int]]
    ) -> float:
        """The most traffic that the chosen and some of the rest, by density, could have.

        Of each set of buffers that all lie apart only as many bytes fit as there is room.
        """
        everything = self._total(chosen) + self._total(rest)
        best = float(everything)
        for clique in cliques:
            room = self.room - sum(self.demands.sizes[v] for v in chosen if v in clique)
            total = float(everything)
            for buffer in rest:
                if buffer in clique:
                    size = self.demands.sizes[buffer]
                    total -= self.load[buffer] * (1 - max(0, min(size, room)) / size)
                    room -= size
            best = min(best, total)
        return best
