"""Two operators of one value each become one where one does exactly what both did."""

from __future__ import annotations

import dataclasses

import numpy as np

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import check_node
from tinyflow.compiler.passes.draft import producers
from tinyflow.compiler.passes.unary import look_up, table


def join_chains(graph: Graph) -> tuple[Graph, int]:
    """QUANTIZE, RELU and the like that follow each other are one where all 256 values agree.

    The second takes over the first's input, as itself or as a QUANTIZE; the first stays for its
    other readers. Also gives how many were joined.
    """
    written = producers(graph)
    nodes = list(graph.nodes)
    count = 0
    for position, node in enumerate(nodes):
        if not node.inputs or node.inputs[0] not in written:
            continue
        joined = _joined(graph, nodes[written[node.inputs[0]]], node)
        if joined is not None:
            nodes[position] = joined
            count += 1
    return graph.replace(nodes=tuple(nodes)), count


def _joined(graph: Graph, first: Node, second: Node) -> Node | None:
    before, after = table(graph, first), table(graph, second)
    if before is None or after is None:
        return None
    both = look_up(after, before)
    for op in dict.fromkeys((second.op, "QUANTIZE", first.op)):
        options = {"QUANTIZE": {}, first.op: first.options, second.op: second.options}[op]
        one = dataclasses.replace(second, op=op, inputs=first.inputs, options=options)
        if check_node(graph, one):
            continue
        function = table(graph, one)
        if function is not None and np.array_equal(function, both):
            return one
    return None
