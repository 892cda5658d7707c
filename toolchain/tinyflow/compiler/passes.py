"""Exact rewrites of the graph: no output bit changes. Each is a function from Graph to Graph."""

from __future__ import annotations

from collections.abc import Callable

from tinyflow.compiler.graph import Graph

Pass = Callable[[Graph], Graph]


def drop_unused(graph: Graph) -> Graph:
    """Remove nodes whose outputs nothing reads."""
    needed = set(graph.outputs)
    kept = []
    for node in reversed(graph.nodes):
        if needed.intersection(node.outputs):
            kept.append(node)
            needed.update(node.inputs)
    return graph.replace(nodes=tuple(reversed(kept)))


def drop_identity_quantize(graph: Graph) -> Graph:
    """Turn a QUANTIZE that changes neither scale nor zero point into a RESHAPE, which is free."""
    import dataclasses

    def identity(node_input: int, node_output: int) -> bool:
        a, b = graph.tensors[node_input], graph.tensors[node_output]
        return a.dtype == b.dtype and a.shape == b.shape and a.quantization == b.quantization

    nodes = [
        dataclasses.replace(node, op="RESHAPE", options={})
        if node.op == "QUANTIZE" and identity(node.inputs[0], node.outputs[0])
        else node
        for node in graph.nodes
    ]
    return graph.replace(nodes=tuple(nodes))


PASSES: tuple[Pass, ...] = (drop_unused, drop_identity_quantize)
