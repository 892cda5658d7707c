"""Proves a memory plan by replaying the inference over the arena, byte by byte.

Every byte has a number, which stands for its value: equal numbers are equal bytes. The replay knows
the steps and where the plan puts everything, and nothing of how the plan came about.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinyflow.compiler.graph import Graph
from tinyflow.compiler.memory import ALIGNMENT, Plan
from tinyflow.compiler.memory.regions import RegionPlan
from tinyflow.compiler.ops.op import Overlap
from tinyflow.compiler.runs import Runs
from tinyflow.compiler.steps import Step


class VerificationError(Exception):
    """The compiler made a graph or a plan that is not sound."""


def verify_plan(graph: Graph, steps: Sequence[Step], plan: Plan) -> None:
    """Replay the inference and raise VerificationError at the first byte that is not what it was.

    A step must find each of its inputs whole; so must the caller the outputs, and the states what
    the next inference starts from. A step may write over its inputs only as an overlap allows, and
    then each output row may touch only input rows that were consumed before it. Rings and scratch
    must touch no operand of their step. Every node of the graph must be in one step, and what reads
    or changes a state must do so in the order of the graph.
    """
    done = sorted(id(part.node) for step in steps for part in (step.parts or (step,)))
    if done != sorted(map(id, graph.nodes)):
        raise VerificationError("the steps are not the nodes of the graph, each once")
    _require_state_order(graph, steps)
    _Replay(graph, plan).run(steps)


def verify_regions(graph: Graph, steps: Sequence[Step], plan: RegionPlan, fast_bytes: int) -> None:
    """Prove a plan over two memories: as one arena, of which no tensor lies in both parts.

    Raises VerificationError, also where the fast memory would take more than `fast_bytes`, or what
    the caller sees or a kernel's scratch is not in it.
    """
    if plan.fast_bytes > fast_bytes:
        raise VerificationError(f"the fast memory takes {plan.fast_bytes} of {fast_bytes} bytes")
    seen = (*graph.inputs, *graph.outputs, *(state.tensor for state in graph.states))
    if not all(
        found.fast for found in (*map(plan.tensors.__getitem__, seen), *plan.scratch.values())
    ):
        raise VerificationError("an input, an output, a state or scratch is in the slow memory")
    sizes = {tensor: graph.tensors[tensor].size_bytes for tensor in plan.tensors}
    spans = [(place, sizes[tensor]) for tensor, place in plan.tensors.items()]
    for position, step in enumerate(steps):
        spans += zip(plan.rings.get(position, ()), step.rings, strict=False)
        if position in plan.scratch:
            spans.append((plan.scratch[position], step.scratch_bytes))
    for place, size in spans:
        room = plan.fast_bytes if place.fast else plan.slow_bytes
        if place.offset < 0 or place.offset + size > room:
            raise VerificationError(f"{size} bytes at {place.offset} lie outside their memory")
    verify_plan(graph, steps, plan.as_one_arena())


def _require_state_order(graph: Graph, steps: Sequence[Step]) -> None:
    """No step passes another that changes a state which it touches."""
    number = {id(node): position for position, node in enumerate(graph.nodes)}
    for state in graph.states:
        last = last_change = -1
        for step in steps:
            if state.tensor not in (*step.reads, *step.updates):
                continue
            position = number.get(id(step.node), last)
            changes = state.tensor in step.updates
            if position < (last if changes else last_change):
                name = graph.tensors[state.tensor].name
                raise VerificationError(f"node {position} {step.node.op} finds {name} changed")
            last = max(last, position)
            last_change = position if changes else last_change


class _Replay:
    """The arena, and what every tensor should hold."""

    def __init__(self, graph: Graph, plan: Plan) -> None:
        self._graph = graph
        self._plan = plan
        self._arena = Runs(plan.arena_bytes, 0)
        self._expected: dict[int, Runs] = {}
        self._next = plan.arena_bytes

    def run(self, steps: Sequence[Step]) -> None:
        states = [state.tensor for state in self._graph.states]
        for tensor in (*self._graph.inputs, *states):
            self._expected[tensor] = self._fresh(self._size(tensor))
            self._arena.put(self._place(tensor).start, self._expected[tensor])
        for tensor in (*self._graph.inputs, *states):
            self._require_whole(tensor, "the first step")
        for position, step in enumerate(steps):
            self._step(step, position)
        for tensor in (*self._graph.outputs, *states):
            self._require_whole(tensor, "the caller")

    def _step(self, step: Step, position: int) -> None:
        name = f"step {position} {step.node.op}"
        read = [tensor for tensor in step.reads if tensor not in step.writes]
        replaced = {
            tensor
            for view in step.views
            for tensor in (view.part, view.whole)
            if self._size(view.part) == self._size(view.whole)
        }
        for tensor in (*read, *(tensor for tensor in step.updates if tensor not in replaced)):
            self._require_whole(tensor, name)
        written = (*step.writes, *step.updates)
        holding = {tensor: self._fresh(self._size(tensor)) for tensor in written}
        in_place: dict[int, list[tuple[int, int]]] = {tensor: [] for tensor in written}
        for view in step.views:
            start, stop = view.offset, view.offset + self._size(view.part)
            if start < 0 or stop > self._size(view.whole):
                raise VerificationError(f"{name}: {view.part} is no part of {view.whole}")
            left_out = self._plan.honours(view)
            if view.part in holding:
                holding[view.part] = self._held(view.whole, holding).part(start, stop)
                in_place[view.part] += [(0, stop - start)] if left_out else []
            else:
                holding[view.whole].put(start, self._expected[view.part])
                in_place[view.whole] += [(start, stop)] if left_out else []
        to_write = {tensor: _rest(self._size(tensor), in_place[tensor]) for tensor in written}
        for tensor in written:
            self._require_order(step, name, read, tensor, holding[tensor], to_write[tensor])
        self._require_apart(step, position, name)
        for tensor in written:
            place = self._place(tensor).start
            for start, stop in to_write[tensor]:
                self._arena.put(place + start, holding[tensor].part(start, stop))
        self._expected |= holding
        for tensor in written:
            self._require_whole(tensor, f"after {name} the arena")

    def _held(self, tensor: int, holding: dict[int, Runs]) -> Runs:
        """What `tensor` holds before the step, or after it where only then it is written."""
        return self._expected[tensor] if tensor in self._expected else holding[tensor]

    def _require_order(
        self,
        step: Step,
        name: str,
        read: Sequence[int],
        written: int,
        holding: Runs,
        to_write: Sequence[tuple[int, int]],
    ) -> None:
        """No byte of the tensors `read` is changed before it is consumed."""
        target = self._place(written)
        sources = [(other, self._place(other)) for other in read if other != written]
        met = [
            (other, source)
            for other, source in sources
            if source.start < target.stop and target.start < source.stop
        ]
        if not met:
            return
        changed = []  # A copy of a byte to where that very byte is changes nothing.
        for start, stop in to_write:
            before = self._arena.part(target.start + start, target.start + stop)
            found = before.differences(holding.part(start, stop))
            changed += [(target.start + start + low, target.start + start + high)
                        for low, high in found]  # fmt: skip
        for other, source in met:
            if not any(low < source.stop and source.start < high for low, high in changed):
                continue
            laps = [lap for lap in step.overlaps if (lap.input, lap.output) == (other, written)]
            if not any(self._keeps_order(lap, source.start, target.start, name) for lap in laps):
                raise VerificationError(f"{name} writes over its input {other} before it is read")

    def _keeps_order(self, lap: Overlap, source: int, target: int, name: str) -> bool:
        """Whether every row written lies beside the rows not yet consumed."""
        size, made = self._size(lap.input), self._size(lap.output)
        if lap.rows is None:
            # Byte k is written when the bytes before k + 1 + reach were read.
            lines = [(0, max(0, -lap.reach), 0, 0), (max(0, -lap.reach), made, 1, 1 + lap.reach)]
            row_bytes = 1
        else:
            if (lap.rows.input_bytes, lap.rows.output_bytes) != (size, made):
                raise VerificationError(f"{name}: the rows of {lap.input} are not its bytes")
            row_bytes, rows = lap.rows.output_row_bytes, lap.rows.consumed
            if not isinstance(rows, range):
                first = np.arange(len(rows), dtype=np.int64) * row_bytes
                needed = lap.rows.counts() * lap.rows.input_row_bytes
                met = (target + first < source + size) & (
                    source + needed < target + first + row_bytes
                )
                return not bool(np.any(met & (needed < size)))
            each = lap.rows.input_row_bytes
            lines = [(0, len(rows), rows.step * each, rows.start * each)]
        return not any(
            _any_row(
                range(low, min(high, made // row_bytes)),
                (row_bytes, target - source - size),
                (slope - row_bytes, source + needed - target - row_bytes),
                (slope, needed - size),
            )
            for low, high, slope, needed in lines
        )

    def _require_apart(self, step: Step, position: int, name: str) -> None:
        """Rings and scratch lie in the arena, beside one another and every operand."""
        starts = self._plan.ring_offsets.get(position, ())
        if len(starts) != len(step.rings):
            raise VerificationError(
                f"{name}: {len(starts)} of {len(step.rings)} rings have a place"
            )
        spans = list(zip(starts, step.rings, strict=True))
        if step.scratch_bytes:
            if position not in self._plan.scratch_offsets:
                raise VerificationError(f"{name}: its scratch has no place")
            spans.append((self._plan.scratch_offsets[position], step.scratch_bytes))
        used = [self._place(tensor) for tensor in (*step.reads, *step.writes, *step.updates)]
        for start, size in spans:
            if start < 0 or start % ALIGNMENT or start + size > self._arena.size:
                raise VerificationError(f"{name}: scratch lies outside the arena, or not aligned")
            if any(start < place.stop and place.start < start + size for place in used):
                raise VerificationError(f"{name}: scratch lies over an operand")
            used.append(slice(start, start + size))
            self._arena.put(start, self._fresh(size))

    def _size(self, tensor: int) -> int:
        return self._graph.tensors[tensor].size_bytes

    def _place(self, tensor: int) -> slice:
        start = self._plan.offsets[tensor]
        end = start + self._size(tensor)
        if start < 0 or end > self._arena.size:
            raise VerificationError(f"tensor {tensor} lies outside the arena")
        if start % ALIGNMENT:
            raise VerificationError(f"tensor {tensor} is not aligned: it lies at {start}")
        return slice(start, end)

    def _fresh(self, size: int) -> Runs:
        first, self._next = self._next, self._next + size
        return Runs(size, first)

    def _require_whole(self, tensor: int, reader: str) -> None:
        name = self._graph.tensors[tensor].name
        if tensor not in self._expected:
            raise VerificationError(f"{reader} reads {name} before it is written")
        place = self._place(tensor)
        if self._arena.part(place.start, place.stop).differences(self._expected[tensor]):
            raise VerificationError(f"{reader} finds {name} overwritten")


def _rest(size: int, gone: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """What is left of `size` bytes without those from where to where `gone` says."""
    left, at = [], 0
    for start, stop in sorted(gone):
        if at < start:
            left.append((at, start))
        at = max(at, stop)
    return [*left, (at, size)] if at < size else left


def _any_row(rows: range, *lines: tuple[int, int]) -> bool:
    """Whether in some row all `lines`, slope * row + offset, are below 0."""
    low, high = rows.start, rows.stop
    for slope, offset in lines:
        if slope > 0:
            high = min(high, -(offset // slope))
        elif slope < 0:
            low = max(low, offset // -slope + 1)
        elif offset >= 0:
            return False
    return low < high
