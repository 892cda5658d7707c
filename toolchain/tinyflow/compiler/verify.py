"""Proves graph and memory plan after every step.

A finding here is a bug in tinyflow, never the user's: it is raised as VerificationError and ends
in a traceback.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinyflow.compiler.graph import ABSENT, Graph
from tinyflow.compiler.memory import Plan
from tinyflow.compiler.steps import Step


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
    for state in graph.states:
        require(0 <= state.tensor < count, f"state {state.tensor} is no tensor")
        require(state.tensor not in written, f"state {state.tensor} is written before")
        written.add(state.tensor)
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


def verify_plan(graph: Graph, steps: Sequence[Step], plan: Plan) -> None:
    """Replay the inference over the arena byte by byte.

    Every byte remembers which value it holds. A step must find each of its inputs whole, may
    overwrite an input only as far as one of its overlaps allows, and its scratch must touch none of
    its operands.
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

    states = tuple(state.tensor for state in graph.states)
    for tensor in (*graph.inputs, *states):
        holder[place(tensor)] = plan.value_of(tensor)
    for position, step in enumerate(steps):
        reader = f"step {position} {step.node.op}"
        for tensor in step.reads:
            require_whole(tensor, reader)
        reach = {(lap.input, lap.output): lap.reach for lap in step.overlaps}
        moved = {view.part for view in step.views if plan.honours(view)}
        for written in step.writes:
            if written in moved:
                continue
            output = place(written)
            for tensor in step.reads:
                far = reach.get((tensor, written))
                allowed = far is not None and output.start <= plan.offsets[tensor] + far
                if _overlap(place(tensor), output) and not allowed:
                    raise VerificationError(f"{reader} writes over its input {tensor}")
        if step.scratch_bytes:
            start = plan.scratch_offsets[position]
            scratch = slice(start, start + step.scratch_bytes)
            if scratch.stop > plan.arena_bytes:
                raise VerificationError(f"{reader}: scratch lies outside the arena")
            for operand in map(place, (*step.reads, *step.writes)):
                if _overlap(operand, scratch):
                    raise VerificationError(f"{reader}: scratch lies over an operand")
            holder[scratch] = -1
        for tensor in step.writes:
            holder[place(tensor)] = plan.value_of(tensor)
    for tensor in (*graph.outputs, *states):
        require_whole(tensor, "the caller")


def _overlap(a: slice, b: slice) -> bool:
    return bool(a.start < b.stop and b.start < a.stop)
