"""Who writes and who reads which tensor of a .tflite file, and what is wrong with that.

Every value is written once, before it is read; so there is no cycle either.
"""

from __future__ import annotations

from collections.abc import Iterator

from tinyflow.compiler.graph import ABSENT, Graph
from tinyflow.compiler.tflite_variables import WITHOUT_OUTPUT


def connections(graph: Graph) -> Iterator[str]:
    """What is wrong with a model's subgraph. Its states are variable tensors."""
    count = len(graph.tensors)
    states = {state.tensor for state in graph.states}
    for what, ends in (("inputs", graph.inputs), ("outputs", graph.outputs)):
        if not ends:
            yield f"no {what}"
        for index in ends:
            if not 0 <= index < count:
                yield f"one of the {what} is tensor {index} of {count}"
            elif index in states:
                yield f"one of the {what} is tensor {index}, a variable (is_variable)"
    if not graph.nodes:
        yield "no operators"
    seen: set[int] = set()
    for index in graph.inputs:
        if 0 <= index < count and graph.tensors[index].data is not None:
            yield f"input {index} is a constant"
        if index in seen:
            yield f"input {index} twice"
        seen.add(index)
    yield from wiring(graph)
    written = {index for node in graph.nodes for index in node.outputs}
    written |= {index for index, tensor in enumerate(graph.tensors) if tensor.data is not None}
    for index in graph.outputs:
        if 0 <= index < count and (index not in written or index in graph.inputs):
            yield f"output {index} is written by no operator"


def wiring(graph: Graph) -> Iterator[str]:
    """What is wrong with what the nodes read and write."""
    count = len(graph.tensors)
    constants = {index for index, tensor in enumerate(graph.tensors) if tensor.data is not None}
    states = {state.tensor for state in graph.states}
    written = {*graph.inputs, *states}
    for node in graph.nodes:
        where = f"node {node.index} {node.op}"
        for index in node.inputs:
            if index != ABSENT and not 0 <= index < count:
                yield f"{where} reads tensor {index} of {count}"
            elif index != ABSENT and index not in written and index not in constants:
                yield f"{where} reads tensor {index}, which nothing has written before"
        if not node.outputs and node.op not in WITHOUT_OUTPUT:
            yield f"{where} writes no tensor"
        for index in node.outputs:
            if not 0 <= index < count:
                yield f"{where} writes tensor {index} of {count}"
            elif index in states:
                yield f"{where} writes tensor {index}, a variable (is_variable)"
            elif index in written or index in constants:
                what = "a constant" if index in constants else "written before"
                yield f"{where} writes tensor {index}, which is {what}"
            written.add(index)
