"""Takes a standalone activation into the clamp of the operator before it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from tinyflow.compiler.graph import Graph, Node, Tensor
from tinyflow.compiler.ops import rules
from tinyflow.compiler.passes.draft import producers, readers
from tinyflow.compiler.passes.unary import table
from tinyflow.compiler.quantmath import (
    ACTIVATION_BOUNDS,
    INT8_MIN,
    INTEGER_RANGES,
    activation_range,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLAMPING = frozenset(
    {"ADD", "AVERAGE_POOL_2D", "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "MAX_POOL_2D"}
    | {"MUL", "SUB"}
)


def fuse_activations(graph: Graph) -> tuple[Graph, int]:
    """Producers write what the activation made of their output; and how many activations went.

    Exact where both tensors have one scale and zero point, nothing else reads the first, and the
    activation's values after the producer's clamp are those of one clamp.
    """
    written, read = producers(graph), readers(graph)
    nodes: list[Node | None] = list(graph.nodes)
    count = 0
    for position, node in enumerate(graph.nodes):
        if node.op == "QUANTIZE" or not node.inputs or read[node.inputs[0]] != 1:
            continue
        place = written.get(node.inputs[0], -1)
        producer = nodes[place] if place >= 0 else None
        if producer is None or producer.op not in CLAMPING:
            continue
        activation = _joint(graph, producer, node)
        if activation is not None:
            options = {**producer.options, "fused_activation_function": activation}
            nodes[place] = dataclasses.replace(producer, outputs=node.outputs, options=options)
            nodes[position] = None
            written[node.outputs[0]] = place
            count += 1
    return graph.replace(nodes=tuple(node for node in nodes if node is not None)), count


def _joint(graph: Graph, producer: Node, node: Node) -> str | None:
    """The fused activation that does what both do one after the other, or None."""
    source, output = graph.activation(node, 0), graph.output(node)
    first, second = _activation(producer), node.op
    if source.quantization != output.quantization or source.dtype != output.dtype:
        return None
    if source.dtype == "int8":
        function = table(graph, node)
        if function is None:
            return None
        both = function[_clamped(_values(output), first, output) - INT8_MIN]
    elif source.dtype == "int16" and second in ACTIVATION_BOUNDS:
        # With one scale for both nothing is left of the activation but its clamp.
        both = _clamped(_clamped(_values(output), first, output), second, output)
    else:
        return None
    for activation in ACTIVATION_BOUNDS:
        if rules.bounds_overflow(activation, output) is not None:
            continue
        if np.array_equal(both, _clamped(_values(output), activation, output)):
            return activation
    return None


def _activation(node: Node) -> str:
    return str(node.options.get("fused_activation_function", "NONE"))


def _values(tensor: Tensor) -> NDArray[np.int64]:
    """All values of the tensor's type."""
    low, high = INTEGER_RANGES[tensor.dtype]
    return np.arange(low, high + 1)


def _clamped(values: NDArray[np.int64], activation: str, output: Tensor) -> NDArray[np.int64]:
    """The values after the activation, in the output's scale."""
    found = rules.quantization(output)
    low, high = activation_range(activation, found.scale, found.zero_point, output.dtype)
    return np.clip(values, low, high)
