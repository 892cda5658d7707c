"""Two memories, one fast and small, one slow and large: which tensor lies in which, by traffic.

Traffic is what an inference reads and writes, in bytes. The fast memory gets the tensors that
together have the most, as long as a placement of them fits; both memories are planned as one arena
each. What the caller sees (inputs, outputs, states) and the kernels' scratch are always in the fast
one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tinyflow.compiler.graph import Graph
from tinyflow.compiler.memory.conflicts import ALIGNMENT, Sharing, problem, share
from tinyflow.compiler.memory.crowds import MOST_MEETINGS, meetings
from tinyflow.compiler.memory.exact import Budget, OutOfBudget, fit
from tinyflow.compiler.memory.greedy import best_of_orders
from tinyflow.compiler.memory.liveness import Key, Liveness, liveness
from tinyflow.compiler.memory.plan import Place, Plan, aligned
from tinyflow.compiler.memory.problem import Problem
from tinyflow.compiler.memory.solve import place

if TYPE_CHECKING:
    from tinyflow.compiler.ops.op import View
    from tinyflow.compiler.steps import Step

MOST_CHOICES = 3000
WORK_OF_A_CHOICE = 400_000
WORK = 20_000_000
"""Elementary operations of the search for one way to share: about a second."""
WORK_OF_A_PAIR = 100
"""What looking at two buffers of a choice counts."""

Traffic = Mapping[tuple[int, Key], int]
"""By step position and tensor or ring: what the step reads and writes of it, in bytes."""


@dataclass(frozen=True)
class RegionPlan:
    """Where everything lies, in which of two memories.

    `tensors` are by index, `rings` and `scratch` by step position. `fast_bytes` and `slow_bytes`
    are what the two arenas take, `activation_bytes` the fast one without scratch. `fast_traffic`
    bytes of `traffic` go to the fast memory in an inference, scratch not counted; `proved` says
    that, with the same views honoured, no choice brings more of it there.
    """

    tensors: Mapping[int, Place]
    rings: Mapping[int, tuple[Place, ...]]
    scratch: Mapping[int, Place]
    fast_bytes: int
    activation_bytes: int
    slow_bytes: int
    fast_traffic: int
    traffic: int
    proved: bool

    @property
    def slow_traffic(self) -> int:
        return self.traffic - self.fast_traffic

    def as_one_arena(self) -> Plan:
        """The plan of an arena that is the fast one, with the slow one behind it."""

        def at(found: Place) -> int:
            return found.offset if found.fast else self.fast_bytes + found.offset

        return Plan(
            arena_bytes=self.fast_bytes + self.slow_bytes,
            activation_bytes=self.activation_bytes,
            offsets={tensor: at(found) for tensor, found in self.tensors.items()},
            scratch_offsets={position: at(found) for position, found in self.scratch.items()},
            ring_offsets={key: tuple(map(at, found)) for key, found in self.rings.items()},
            proved=False,
            slow_start=self.fast_bytes if self.slow_bytes else None,
        )


def plan_regions(
    graph: Graph, steps: Sequence[Step], fast_bytes: int, traffic: Traffic | None = None
) -> RegionPlan | None:
    """The plan of `steps` over `fast_bytes` of fast memory and as much slow memory as is needed.

    Without `traffic`, or where it has no entry, a step reads each of its inputs once and writes
    each of its outputs once, and a ring counts twice its size. None where no placement was found of
    what must be fast, or where more tensors live at once than are looked at (crowds).
    """
    # Scratch is a ring of its step that has to be fast.
    whole = [
        dataclasses.replace(step, rings=(*step.rings, step.scratch_bytes), scratch_bytes=0)
        if step.scratch_bytes
        else step
        for step in steps
    ]
    live = liveness(graph, whole)
    if meetings(live) > MOST_MEETINGS:
        return None
    required: set[Key] = {*graph.inputs, *graph.outputs}
    required |= {state.tensor for state in graph.states}
    required |= {(i, len(step.rings)) for i, step in enumerate(steps) if step.scratch_bytes}

    def moves(view: View) -> bool:
        return graph.tensors[view.part].size_bytes == graph.tensors[view.whole].size_bytes

    # A tensor that shares a buffer with an input may make it too large for the fast memory.
    choices: list[Callable[[View], bool]] = [lambda _: True, moves, lambda _: False]
    best: RegionPlan | None = None
    tried: list[Sharing] = []
    for choice in choices:
        views = [view for step in steps for view in step.views if choice(view)]
        sharing = share(live, views)
        if sharing in tried:
            continue
        tried.append(sharing)
        load = _traffic(steps, live, sharing, traffic or {})
        found = _plan(steps, live, sharing, load, required, fast_bytes)
        if found is not None and (best is None or found.slow_traffic < best.slow_traffic):
            best = found
    return best


def _plan(
    steps: Sequence[Step],
    live: Liveness,
    sharing: Sharing,
    load: Sequence[int],
    required: set[Key],
    fast_bytes: int,
) -> RegionPlan | None:
    """The plan of these buffers, of which those with a required tensor have to be fast."""
    demands = problem(live, sharing)
    fixed = [i for i, keys in enumerate(sharing.members) if required & set(keys)]
    choice = _Choice(demands, load, fast_bytes // ALIGNMENT, fixed)
    chosen = choice.run()
    if chosen is None:
        return None
    offsets, fast = _offsets(demands, choice, chosen, sharing)
    at = {key: Place(key in fast, offset) for key, offset in offsets.items()}
    scratch = {(i, len(step.rings)) for i, step in enumerate(steps) if step.scratch_bytes}

    def end(where: bool, without: set[Key]) -> int:
        held = [key for key in at if at[key].fast == where and key not in without]
        return max((aligned(at[key].offset + live.sizes[key]) for key in held), default=0)

    return RegionPlan(
        tensors={key: found for key, found in at.items() if isinstance(key, int)},
        rings={
            i: tuple(at[i, number] for number in range(len(step.rings)))
            for i, step in enumerate(steps)
            if step.rings
        },
        scratch={i: at[i, len(step.rings)] for i, step in enumerate(steps) if step.scratch_bytes},
        fast_bytes=end(True, set()),
        activation_bytes=end(True, {*scratch}),
        slow_bytes=end(False, set()),
        fast_traffic=sum(load[buffer] for buffer in chosen),
        traffic=sum(load),
        proved=choice.proved,
    )


def _traffic(steps: Sequence[Step], live: Liveness, sharing: Sharing, given: Traffic) -> list[int]:
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
                size = given.get((position, tensor), live.sizes[tensor])
                load[tensor] = load.get(tensor, 0) + size
        for number, ring in enumerate(step.rings):
            load[position, number] = given.get((position, (position, number)), 2 * ring)
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


@dataclass
class _Choice:
    """Which buffers fit into `room` together and have the most traffic: branch and bound.

    Those in `fixed` are among them in any case.
    """

    demands: Problem
    load: Sequence[int]
    room: int
    fixed: Sequence[int]
    proved: bool = True
    budget: Budget = field(default_factory=lambda: Budget(WORK))
    _known: dict[tuple[int, ...], list[int] | None] = field(default_factory=dict)

    def run(self) -> list[int] | None:
        """The best choice found, in the order of the buffers; None where the fixed do not fit."""
        if self.placed(self.fixed) is None:
            return None
        sizes = self.demands.sizes
        free = [v for v in range(len(sizes)) if v not in self.fixed and self.load[v]]
        fitting = [v for v in free if 0 < sizes[v] <= self.room]
        order = sorted(fitting, key=lambda v: (-self.load[v] / sizes[v], -self.load[v], v))
        by_traffic = sorted(fitting, key=lambda v: (-self.load[v], v))
        best = max(map(self._greedy, (order, by_traffic)), key=self._total)
        cliques = [set(clique) for clique in self.demands.cliques]
        looks = 0
        stack: list[tuple[int, list[int]]] = [(0, [*self.fixed])]
        while stack:
            depth, chosen = stack.pop()
            if self._total(chosen) > self._total(best):
                best = chosen
            if depth == len(order) or self._bound(chosen, order[depth:], cliques) <= self._total(
                best
            ):
                continue
            looks += 1
            if looks > MOST_CHOICES or self.budget.left <= 0:
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
        self.budget.part(WORK_OF_A_PAIR * len(chosen) ** 2)
        part = self.demands.part(chosen)
        if part.lower_bound > self.room:
            return None
        offsets, _ = best_of_orders(part)
        if part.extent(offsets) <= self.room:
            return offsets
        granted = self.budget.part(WORK_OF_A_CHOICE)
        try:
            return fit(part, self.room, granted)
        except OutOfBudget:
            self.proved = False
            return None
        finally:
            self.budget.left += max(0, granted.left)

    def _total(self, chosen: Sequence[int]) -> int:
        return sum(self.load[buffer] for buffer in chosen)

    def _greedy(self, order: Sequence[int]) -> list[int]:
        chosen = [*self.fixed]
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
