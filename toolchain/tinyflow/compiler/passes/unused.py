"""Removes nodes that change nothing that is read."""

from __future__ import annotations

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import OPS


def drop_unused(graph: Graph) -> tuple[Graph, int]:
    """The graph without nodes whose outputs nothing reads; and how many went.

    A node that changes a state stays.
    """
    needed = set(graph.outputs)
    kept = []
    for node in reversed(graph.nodes):
        if needed.intersection(node.outputs) or _changes_state(graph, node):
            kept.append(node)
            needed.update(node.inputs)
    return graph.replace(nodes=tuple(reversed(kept))), len(graph.nodes) - len(kept)


def _changes_state(graph: Graph, node: Node) -> bool:
    if not node.outputs or node.op not in OPS:
        return True
    return bool(graph.states) and bool(OPS[node.op].updates(graph, node))
