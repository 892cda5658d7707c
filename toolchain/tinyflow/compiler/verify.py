"""Proves graph and memory plan after every step.

A finding here is a bug in tinyflow, never the user's: it is raised as VerificationError and ends
in a traceback.
"""

from __future__ import annotations

from tinyflow.compiler.graph import ABSENT, Graph
from tinyflow.compiler.replay import VerificationError, verify_plan, verify_regions

__all__ = ["VerificationError", "verify_graph", "verify_plan", "verify_regions"]


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
