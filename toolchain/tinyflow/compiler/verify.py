"""Proves graph and memory plan after every step.

A finding here is a bug in tinyflow, never the user's: it is raised as VerificationError and ends
in a traceback.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tinyflow.compiler.graph import ABSENT, Graph
from tinyflow.compiler.memory import Plan, Step


class VerificationError(Exception):
    """The compiler made a graph or a plan that is not sound."""


def verify_graph(graph: Graph, after: str) -> Graph:
    """The same graph, proved: every read value exists, is written once, and is written before.

    `after` names the step that made it.
    """

    def require(fact: bool, finding: str) -> None:
        if not fact:
            raise VerificationError(f"after {after}: {finding}")

    count = len(graph.tensors)
    written = {i for i, tensor in enumerate(graph.tensors) if tensor.data is not None}
    for tensor in graph.inputs:
        require(0 <= tensor < count, f"input {tensor} is no tensor")
        require(tensor not in written, f"input {tensor} is a constant")
        written.add(tensor)
    for position, node in enumerate(graph.nodes):
        name = f"node {position} {node.op}"
        for tensor in node.inputs:
            require(tensor == ABSENT or 0 <= tensor < count, f"{name} reads no tensor {tensor}")
            require(tensor == ABSENT or tensor in written, f"{name} reads {tensor} unwritten")
        for tensor in node.outputs:
            require(0 <= tensor < count, f"{name} writes no tensor {tensor}")
            require(tensor not in written, f"{name} writes {tensor} again")
            written.add(tensor)
    for tensor in graph.outputs:
        require(tensor in written, f"output {tensor} is never written")
    return graph


def verify_plan(
    graph: Graph,
    steps: Sequence[Step],
    plan: Plan,
    may_share: Mapping[int, Sequence[int]],
) -> None:
    """Replay the inference over the arena byte by byte.

    Every byte remembers which value it holds. A step must find each of its inputs whole, may
    overwrite an input only where `may_share[step's position]` allows that very tensor, and its
    scratch must touch none of its operands.
    """
    holder = np.full(plan.arena_bytes, -1, dtype=np.int64)

    def place(tensor: int) -> slice:
        start = plan.offsets[tensor]
        end = start + graph.tensors[tensor].size_bytes
        if start < 0 or end > plan.arena_bytes:
            raise VerificationError(f"tensor {tensor} lies outside the arena")
        return slice(start, end)

    def require_whole(tensor: int, reader: str) -> None:
        if not np.all(holder[place(tensor)] == plan.value_of(tensor)):
            raise VerificationError(f"{reader} reads {graph.tensors[tensor].name}, overwritten")

    for tensor in graph.inputs:
        holder[place(tensor)] = plan.value_of(tensor)
    for position, step in enumerate(steps):
        reader = f"step {position} {step.node.op}"
        for tensor in step.reads:
            require_whole(tensor, reader)
        output = place(step.writes)
        if step.moves_nothing:
            if any(place(tensor) != output for tensor in step.reads):
                raise VerificationError(f"{reader} moves nothing, but its tensors lie apart")
            continue
        for tensor in step.reads:
            same = plan.offsets[tensor] == output.start and tensor in may_share.get(position, ())
            if _overlap(place(tensor), output) and not same:
                raise VerificationError(f"{reader} writes over its input {tensor}")
        if step.scratch_bytes:
            start = plan.scratch_offsets[position]
            scratch = slice(start, start + step.scratch_bytes)
            if scratch.stop > plan.arena_bytes:
                raise VerificationError(f"{reader}: scratch lies outside the arena")
            for operand in (*map(place, step.reads), output):
                if _overlap(operand, scratch):
                    raise VerificationError(f"{reader}: scratch lies over an operand")
            holder[scratch] = -1
        holder[output] = plan.value_of(step.writes)
    for tensor in graph.outputs:
        require_whole(tensor, "the caller")


def _overlap(a: slice, b: slice) -> bool:
    return bool(a.start < b.stop and b.start < a.stop)
