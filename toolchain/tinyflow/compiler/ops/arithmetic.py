"""What ADD, SUB and MUL share: they take int32 as well, without a scale."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import rules
from tinyflow.compiler.ops.broadcast import Binary, Numbers
from tinyflow.compiler.quantmath import ACTIVATION_BOUNDS, INT32_MAX, INT32_MIN

_quantized_types = rules.activations(0, 1, types=("int8", "int16"))
_quantized_bounds = rules.fused_activation(tuple(ACTIVATION_BOUNDS))


def one_type(graph: Graph, node: Node) -> str | None:
    """Inputs and output are of one type: int8 or int16 with one positive scale each and a zero
    point from -128 to 127 (int16: 0), or int32 without a scale."""
    output = graph.output(node)
    if output.dtype != "int32":
        return _quantized_types(graph, node)
    for tensor in (graph.activation(node, 0), graph.activation(node, 1), output):
        if tensor.dtype != "int32":
            return f"{tensor.name} is {tensor.dtype}, {output.name} {output.dtype}"
        if tensor.quantization is not None:
            return f"{tensor.name} is int32 with {rules.scales(tensor)}"
    return None


def fused_activation(graph: Graph, node: Node) -> str | None:
    """The rule of all fused activations; int32 has no scale that could be too fine."""
    if graph.output(node).dtype != "int32":
        return _quantized_bounds(graph, node)
    activation = node.options.get("fused_activation_function", "NONE")
    return None if activation in ACTIVATION_BOUNDS else f"{activation}"


fused_activation.__doc__ = _quantized_bounds.__doc__


class Arithmetic(Binary):
    """An operator of two tensors that takes int8, int16 and int32."""

    sign: ClassVar[int] = 1
    """What the second input is multiplied by."""

    @abstractmethod
    def quantized(self, graph: Graph, node: Node, order: Sequence[int]) -> tuple[str, Numbers]:
        """`parameters` of int8 and int16."""

    def parameters(self, graph: Graph, node: Node, order: Sequence[int]) -> tuple[str, Numbers]:
        if graph.output(node).dtype != "int32":
            return self.quantized(graph, node, order)
        low, high = ACTIVATION_BOUNDS[node.options.get("fused_activation_function", "NONE")]
        signs = (1, self.sign)
        return "tnf_integers_t", (
            ("input1_sign", signs[order[0]]),
            ("input2_sign", signs[order[1]]),
            ("activation_min", INT32_MIN if low is None else int(low)),
            ("activation_max", INT32_MAX if high is None else int(high)),
        )
