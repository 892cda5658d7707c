"""Proves a memory plan by replaying the inference over the arena, byte by byte.

It knows the steps and where the plan puts everything, and nothing of how the plan came about.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tinyflow.compiler.graph import Graph
from tinyflow.compiler.memory import ALIGNMENT, Plan
from tinyflow.compiler.memory.regions import RegionPlan
from tinyflow.compiler.ops.op import Overlap
from tinyflow.compiler.steps import Step

Bytes = NDArray[np.int64]
"""One number per byte, which stands for its value: equal numbers are equal bytes."""


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
        self._arena = np.full(plan.arena_bytes, -1, dtype=np.int64)
        self._expected: dict[int, Bytes] = {}
        self._next = 0

    def run(self, steps: Sequence[Step]) -> None:
        states = [state.tensor for state in self._graph.states]
        for tensor in (*self._graph.inputs, *states):
            self._expected[tensor] = self._fresh(tensor)
            self._arena[self._place(tensor)] = self._expected[tensor]
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
        holding = {tensor: self._fresh(tensor) for tensor in written}
        to_write = {tensor: np.ones(holding[tensor].size, dtype=np.bool_) for tensor in written}
        for view in step.views:
            inner = slice(view.offset, view.offset + self._size(view.part))
            if inner.start < 0 or inner.stop > self._size(view.whole):
                raise VerificationError(f"{name}: {view.part} is no part of {view.whole}")
            left_out = self._plan.honours(view)
            if view.part in holding:
                holding[view.part] = self._held(view.whole, holding)[inner]
                to_write[view.part][:] &= not left_out
            else:
                holding[view.whole][inner] = self._expected[view.part]
                to_write[view.whole][inner] &= not left_out
        for tensor in written:
            # A copy of a byte to where that very byte is changes nothing.
            changed = to_write[tensor] & (self._arena[self._place(tensor)] != holding[tensor])
            for other in read:
                if other != tensor:
                    self._require_order(step, name, other, tensor, changed)
        self._require_apart(step, position, name)
        for tensor in written:
            self._arena[self._place(tensor)][to_write[tensor]] = holding[tensor][to_write[tensor]]
        self._expected |= holding
        for tensor in written:
            self._require_whole(tensor, f"after {name} the arena")

    def _held(self, tensor: int, holding: dict[int, Bytes]) -> Bytes:
        """What `tensor` holds before the step, or after it where only then it is written."""
        return self._expected[tensor] if tensor in self._expected else holding[tensor]

    def _require_order(
        self, step: Step, name: str, read: int, written: int, changed: NDArray[np.bool_]
    ) -> None:
        """No byte of `read` is changed before it is consumed."""
        source, target = self._place(read), self._place(written)
        common = slice(max(0, source.start - target.start), max(0, source.stop - target.start))
        if not np.any(changed[common]):
            return
        laps = [lap for lap in step.overlaps if (lap.input, lap.output) == (read, written)]
        if not any(self._keeps_order(lap, source.start, target.start, name) for lap in laps):
            raise VerificationError(f"{name} writes over its input {read} before it is read")

    def _keeps_order(self, lap: Overlap, source: int, target: int, name: str) -> bool:
        """Whether every row written lies beside the rows not yet consumed."""
        size, made = self._size(lap.input), self._size(lap.output)
        if lap.rows is None:
            # Byte k is written when the bytes before k + 1 + reach were read.
            first = np.arange(made, dtype=np.int64)
            stop, needed = first + 1, np.clip(first + 1 + lap.reach, 0, size)
        else:
            if (lap.rows.input_bytes, lap.rows.output_bytes) != (size, made):
                raise VerificationError(f"{name}: the rows of {lap.input} are not its bytes")
            first = np.arange(len(lap.rows.consumed), dtype=np.int64) * lap.rows.output_row_bytes
            stop = first + lap.rows.output_row_bytes
            needed = lap.rows.counts() * lap.rows.input_row_bytes
        met = (target + first < source + size) & (source + needed < target + stop)
        return not bool(np.any(met & (needed < size)))

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
        used = np.zeros(self._arena.size, dtype=np.bool_)
        for tensor in (*step.reads, *step.writes, *step.updates):
            used[self._place(tensor)] = True
        for start, size in spans:
            if start < 0 or start % ALIGNMENT or start + size > self._arena.size:
                raise VerificationError(f"{name}: scratch lies outside the arena, or not aligned")
            if np.any(used[start : start + size]):
                raise VerificationError(f"{name}: scratch lies over an operand")
            used[start : start + size] = True
            self._arena[start : start + size] = -1

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

    def _fresh(self, tensor: int) -> Bytes:
        first, self._next = self._next, self._next + self._size(tensor)
        return np.arange(first, self._next, dtype=np.int64)

    def _require_whole(self, tensor: int, reader: str) -> None:
        name = self._graph.tensors[tensor].name
        if tensor not in self._expected:
            raise VerificationError(f"{reader} reads {name} before it is written")
        if not np.array_equal(self._arena[self._place(tensor)], self._expected[tensor]):
            raise VerificationError(f"{reader} finds {name} overwritten")
