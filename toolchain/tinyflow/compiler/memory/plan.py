"""Plans the tensor arena: which tensor lies where, and when its bytes may be used again.

Tensors that hold the same bytes (RESHAPE, parts of a CONCATENATION) share a buffer where that
spoils no value. Buffers needed at the same time keep apart, but an output may lie over an input
as far as the kernel allows (op.Overlap). Activations, states and rings are placed first, exactly
where the search ends in time; then the scratch of each step goes into the lowest gap of that step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tinyflow.compiler.graph import Graph
from tinyflow.compiler.memory.conflicts import ALIGNMENT, Sharing, problem, share
from tinyflow.compiler.memory.crowds import MOST_MEETINGS, meetings, place_apart
from tinyflow.compiler.memory.exact import Budget
from tinyflow.compiler.memory.greedy import first_fit, orders
from tinyflow.compiler.memory.liveness import Key, Liveness, liveness
from tinyflow.compiler.memory.solve import WORK, place

if TYPE_CHECKING:  # operators import this package for their row traces
    from tinyflow.compiler.ops.op import View
    from tinyflow.compiler.steps import Step


@dataclass(frozen=True)
class Place:
    """An offset in the fast memory, which is the caller's arena, or in the slow one."""

    fast: bool
    offset: int


@dataclass(frozen=True)
class Plan:
    """Where everything lies.

    `offsets` are by tensor index, `scratch_offsets` and `ring_offsets` by step position; all are
    multiples of ALIGNMENT. `activation_bytes` are what tensors, states and rings take of the fast
    memory, `arena_bytes` all. `proved` says that no placement with the views that this one honours
    takes fewer activation bytes. Where there are two memories, the slow one stands behind the fast
    one: it begins at offset `slow_start`.
    """

    arena_bytes: int
    activation_bytes: int
    offsets: Mapping[int, int]
    scratch_offsets: Mapping[int, int]
    ring_offsets: Mapping[int, tuple[int, ...]]
    proved: bool
    slow_start: int | None = None

    @property
    def fast_bytes(self) -> int:
        """What the fast memory takes: all of it where there is no other."""
        return self.arena_bytes if self.slow_start is None else self.slow_start

    @property
    def slow_bytes(self) -> int:
        """What the slow memory takes."""
        return self.arena_bytes - self.fast_bytes

    def place(self, offset: int) -> Place:
        """In which memory an offset of the plan is, and where in it."""
        return located(offset, self.slow_start)

    def fast_ring_bytes(self, position: int, step: Step) -> int:
        """What the rings of a step take of the fast memory."""
        rings = zip(self.ring_offsets.get(position, ()), step.rings, strict=False)
        return sum(size for offset, size in rings if self.place(offset).fast)

    def honours(self, view: View) -> bool:
        """Whether the one tensor lies inside the other, so that nothing need be copied."""
        return self.offsets[view.part] == self.offsets[view.whole] + view.offset


def plan_memory(graph: Graph, steps: Sequence[Step], budget: Budget | None = None) -> Plan:
    """The arena plan of `steps`, in that order. The same steps always get the same plan.

    `budget` bounds the search for the least activation bytes; without one it is solve.WORK.
    """
    live = liveness(graph, steps)
    if meetings(live) > MOST_MEETINGS:
        offsets, proved = place_apart(live, ALIGNMENT), False
    else:
        views = [view for step in steps for view in step.views]
        offsets, proved = _place_activations(graph, live, views, budget or Budget(WORK))
    activation_bytes = _end(live, offsets)
    scratch = {
        position: lowest_gap(live, offsets, position, step.scratch_bytes)
        for position, step in enumerate(steps)
        if step.scratch_bytes
    }
    ends = [start + aligned(steps[position].scratch_bytes) for position, start in scratch.items()]
    return Plan(
        max(activation_bytes, *ends) if ends else activation_bytes,
        activation_bytes,
        {key: offset for key, offset in offsets.items() if isinstance(key, int)},
        scratch,
        {
            position: tuple(offsets[position, number] for number in range(len(step.rings)))
            for position, step in enumerate(steps)
            if step.rings
        },
        proved,
    )


def busiest_step(graph: Graph, steps: Sequence[Step], plan: Plan) -> tuple[int, int]:
    """The step at which the most bytes of the fast memory are needed, and how many.

    Bytes that several tensors share count once.
    """
    live = liveness(graph, steps)
    best = (0, 0)
    for position, step in enumerate(steps):
        spans = [
            (plan.offsets[key], plan.offsets[key] + live.sizes[key])
            for key in _alive(live, position)
            if isinstance(key, int) and plan.place(plan.offsets[key]).fast
        ]
        total, end = step.scratch_bytes + plan.fast_ring_bytes(position, step), 0
        for start, stop in sorted(spans):
            total += max(0, stop - max(start, end))
            end = max(end, stop)
        best = max(best, (total, -position))
    return -best[1], best[0]


def lowest_gap(live: Liveness, offsets: Mapping[Key, int], moment: int, size: int) -> int:
    """The lowest offset at which `size` bytes are free of what has an offset, at `moment`."""
    alive = [key for key in _alive(live, moment) if key in offsets]
    taken = sorted((offsets[key], live.sizes[key]) for key in alive)
    offset = 0
    for start, length in taken:
        if start - offset >= size:
            break
        offset = max(offset, aligned(start + length))
    return offset


def located(offset: int, slow_start: int | None) -> Place:
    """The place of an offset, where the slow memory begins at `slow_start`; None: there is none."""
    if slow_start is None or offset < slow_start:
        return Place(True, offset)
    return Place(False, offset - slow_start)


def aligned(size: int) -> int:
    """`size` rounded up to a multiple of ALIGNMENT."""
    return -(-size // ALIGNMENT) * ALIGNMENT


def _place_activations(
    graph: Graph, live: Liveness, views: Sequence[View], budget: Budget
) -> tuple[dict[Key, int], bool]:
    """The offsets of tensors and rings, and whether they are proved to take the least.

    A shared buffer saves bytes or, where its parts have to wait for one another, costs some:
    fewer and fewer views are honoured until nothing is gained. The last resort is what everybody
    does: no sharing, greedy by size.
    """

    def moves(view: View) -> bool:
        return graph.tensors[view.part].size_bytes == graph.tensors[view.whole].size_bytes

    choices: list[Callable[[View], bool]] = [lambda _: True, moves, lambda _: False]
    best: tuple[int, list[int], Sharing, bool] | None = None
    tried: list[Sharing] = []
    for choice in choices:
        sharing = share(live, [view for view in views if choice(view)])
        if sharing in tried:
            continue
        tried.append(sharing)
        demands = problem(live, sharing)
        if best is not None and demands.lower_bound >= best[0]:
            continue
        placed = place(demands, budget)
        if best is None or placed.extent < best[0]:
            best = (placed.extent, list(placed.offsets), sharing, placed.proved)
    sharing = share(live, ())
    plain = problem(live, sharing, overlapping=False)
    usual = first_fit(plain, orders(plain)[0])
    if best is None or plain.extent(usual) < best[0]:
        best = (plain.extent(usual), usual, sharing, False)
    _, buffers, sharing, proved = best
    return sharing.offsets([offset * ALIGNMENT for offset in buffers]), proved


def _end(live: Liveness, offsets: Mapping[Key, int]) -> int:
    return max((start + aligned(live.sizes[key]) for key, start in offsets.items()), default=0)


def _alive(live: Liveness, moment: int) -> list[Key]:
    return [
        key
        for key, lives in live.lives.items()
        if any(life.first <= moment <= life.last for life in lives)
    ]
