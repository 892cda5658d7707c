"""Plans the tensor arena: which tensor lies where, and when its bytes may be used again.

Tensors that hold the same bytes (RESHAPE) or may take over an input's (in-place operators) share
one buffer. Buffers whose live ranges overlap must not overlap in the arena. Placement is greedy
by size (Pisarchyk and Lee, 2020, arXiv 2001.03288); where that misses the lower bound, other
orders are tried and the best is kept.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tinyflow.compiler.graph import Graph

if TYPE_CHECKING:  # operators import this package for their row traces
    from tinyflow.compiler.ops.op import View
    from tinyflow.compiler.steps import Step

ALIGNMENT = 4
MAX_ORDERS = 400


@dataclass(frozen=True)
class Plan:
    """Where everything lies. `offsets` by tensor index, `scratch_offsets` by step position.

    `values[tensor]` is the same for tensors that hold the same bytes.
    """

    arena_bytes: int
    activation_bytes: int
    offsets: Mapping[int, int]
    scratch_offsets: Mapping[int, int]
    values: Mapping[int, int]

    def value_of(self, tensor: int) -> int:
        return self.values[tensor]

    def honours(self, view: View) -> bool:
        """Whether the one tensor lies inside the other, so that nothing need be copied."""
        return self.offsets[view.part] == self.offsets[view.whole] + view.offset


@dataclass(frozen=True)
class _Buffer:
    size: int
    first: int
    last: int

    def meets(self, other: _Buffer) -> bool:
        return self.first <= other.last and other.first <= self.last


def plan_memory(graph: Graph, steps: Sequence[Step]) -> Plan:
    """The arena plan of `steps`. Graph inputs live from the start, outputs to the end."""
    last_read = _last_reads(graph, steps)
    value, home = _share(graph, steps, last_read)

    buffers: dict[int, _Buffer] = {}
    first_write = _written(graph, steps)
    for tensor, start in first_write.items():
        size = _aligned(graph.tensors[tensor].size_bytes)
        end = last_read.get(tensor, start)
        kept = buffers.get(home[tensor])
        if kept is not None:
            size, start, end = max(size, kept.size), min(start, kept.first), max(end, kept.last)
        buffers[home[tensor]] = _Buffer(size, start, end)
    scratch = {
        position: _Buffer(_aligned(step.scratch_bytes), position, position)
        for position, step in enumerate(steps)
        if step.scratch_bytes
    }
    keys: list[tuple[str, int]] = [("tensor", key) for key in buffers]
    keys += [("scratch", key) for key in scratch]
    offsets, arena_bytes = _place([*buffers.values(), *scratch.values()])
    placed = dict(zip(keys, offsets, strict=True))
    ends = (placed["tensor", key] + buffer.size for key, buffer in buffers.items())
    return Plan(
        arena_bytes,
        max(ends, default=0),
        {tensor: placed["tensor", home[tensor]] for tensor in first_write},
        {position: placed["scratch", position] for position in scratch},
        value,
    )


def lower_bound(graph: Graph, steps: Sequence[Step], plan: Plan) -> tuple[int, int]:
    """The step at which the most bytes are live, and how many: no plan of these steps is smaller.

    Tensors that share a buffer count once.
    """
    last_read = _last_reads(graph, steps)
    written = _written(graph, steps)
    best = (0, 0)
    for position, step in enumerate(steps):
        live = {
            plan.offsets[t]: graph.tensors[t].size_bytes
            for t, start in written.items()
            if start <= position <= last_read.get(t, start)
        }
        total = sum(live.values()) + step.scratch_bytes
        best = max(best, (total, -position))
    return -best[1], best[0]


def _written(graph: Graph, steps: Sequence[Step]) -> dict[int, int]:
    """The position at which each tensor gets its value."""
    first = dict.fromkeys((*graph.inputs, *(state.tensor for state in graph.states)), 0)
    for position, step in enumerate(steps):
        first |= dict.fromkeys(step.writes, position)
    return first


def _last_reads(graph: Graph, steps: Sequence[Step]) -> dict[int, int]:
    last: dict[int, int] = {}
    for position, step in enumerate(steps):
        for tensor in step.reads:
            last[tensor] = position
    for tensor in (*graph.outputs, *(state.tensor for state in graph.states)):
        last[tensor] = len(steps)
    return last


def _share(
    graph: Graph, steps: Sequence[Step], last_read: dict[int, int]
) -> tuple[dict[int, int], dict[int, int]]:
    """For each tensor, the value it holds and the tensor whose buffer it lives in."""
    value = {tensor: tensor for tensor in _written(graph, ())}
    home = dict(value)
    end = {tensor: last_read.get(tensor, 0) for tensor in value}
    kept = {state.tensor for state in graph.states}
    for position, step in enumerate(steps):
        for out in step.writes:
            value[out] = home[out] = out
            size = graph.tensors[out].size_bytes
            for view in step.views:
                whole = graph.tensors[view.whole].size_bytes
                if view.part == out and size == whole and view.whole not in kept:
                    value[out], home[out] = value[view.whole], home[view.whole]
            if home[out] == out:
                _take_over(graph, step, out, position, home, end)
            end[home[out]] = max(end.get(home[out], 0), last_read.get(out, position))
    return value, home


def _take_over(
    graph: Graph, step: Step, out: int, position: int, home: dict[int, int], end: dict[int, int]
) -> None:
    """Let `out` live where an input of the step does, if one may be overwritten."""
    sharing = [lap.input for lap in step.overlaps if lap.output == out and lap.reach >= 0]
    for tensor in sharing:
        root = home[tensor]
        fits = graph.tensors[out].size_bytes <= graph.tensors[tensor].size_bytes
        # Another input may be a reshape of this one: it would be overwritten as well.
        alone = all(t in sharing for t in step.reads if home[t] == root)
        taken = any(home.get(other) == root for other in step.writes if other != out)
        if fits and alone and not taken and end[root] <= position:
            home[out] = root
            return


def _place(buffers: Sequence[_Buffer]) -> tuple[list[int], int]:
    """Offsets for the buffers, and the arena's size."""
    bound = max(
        (sum(b.size for b in buffers if b.first <= t <= b.last) for t in _moments(buffers)),
        default=0,
    )
    by_size = sorted(range(len(buffers)), key=lambda i: (-buffers[i].size, buffers[i].first, i))
    by_length = sorted(by_size, key=lambda i: buffers[i].first - buffers[i].last)
    by_time = sorted(range(len(buffers)), key=lambda i: (buffers[i].first, -buffers[i].size, i))
    best, size = _first_fit(buffers, by_size)
    chance = random.Random(0)  # noqa: S311 - a fixed seed: the same model, the same plan
    order = list(by_size)
    for attempt in range(MAX_ORDERS):
        if size <= bound or len(buffers) < 3:
            break
        if attempt < 2:
            trial = by_length if attempt == 0 else by_time
        else:
            trial = list(order)
            a, b = chance.sample(range(len(trial)), 2)
            trial[a], trial[b] = trial[b], trial[a]
        offsets, total = _first_fit(buffers, trial)
        if total <= size:
            if attempt >= 2 or total < size:
                order = list(trial)
            best, size = offsets, total
    return best, size


def _moments(buffers: Sequence[_Buffer]) -> set[int]:
    return {b.first for b in buffers}


def _first_fit(buffers: Sequence[_Buffer], order: Sequence[int]) -> tuple[list[int], int]:
    """Each buffer, in `order`, at the lowest offset where it meets no placed one."""
    offsets = [0] * len(buffers)
    placed: list[int] = []
    for index in order:
        taken = sorted(
            (offsets[i], offsets[i] + buffers[i].size)
            for i in placed
            if buffers[i].meets(buffers[index])
        )
        offset = 0
        for start, stop in taken:
            if start - offset >= buffers[index].size:
                break
            offset = max(offset, stop)
        offsets[index] = offset
        placed.append(index)
    return offsets, max((o + b.size for o, b in zip(offsets, buffers, strict=True)), default=0)


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
