"""MUL."""

from __future__ import annotations

from collections.abc import Sequence

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import rules
from tinyflow.compiler.ops.arithmetic import Arithmetic, fused_activation, one_type
from tinyflow.compiler.ops.broadcast import Numbers, broadcast, one_computed
from tinyflow.compiler.quantmath import product_scale, quantize_multiplier


def large_factor(graph: Graph, node: Node) -> str | None:
    """The product of the input scales over the output scale is under 2^30."""
    if graph.output(node).dtype == "int32":
        return None
    return rules.multiplier_found(_factor(graph, node), "factor")


def _factor(graph: Graph, node: Node) -> float:
    first, second = (rules.quantization(graph.activation(node, i)).scale for i in (0, 1))
    return product_scale(first, second, rules.quantization(graph.output(node)).scale)


class Mul(Arithmetic):
    """The product of two tensors, with broadcasting; one of them may be a constant.

    int32 wraps. The factor of the scales is computed in float32 as LiteRT does; TensorFlow Lite
    Micro uses float64, which moves some results by one.
    """

    name = "MUL"
    kernel = "mul"
    structure = (rules.operands(2), rules.bounded_sizes, one_type, one_computed)
    constraints = (broadcast, large_factor, fused_activation)

    def quantized(self, graph: Graph, node: Node, order: Sequence[int]) -> tuple[str, Numbers]:
        first, second = (rules.quantization(graph.activation(node, i)) for i in order)
        multiplier = quantize_multiplier(_factor(graph, node))
        low, high = rules.output_bounds(graph, node)
        return "tnf_mul_t", (
            ("input1_offset", -first.zero_point),
            ("input2_offset", -second.zero_point),
            ("output_offset", rules.quantization(graph.output(node)).zero_point),
            ("multiplier", multiplier.value),
            ("shift", multiplier.shift),
            ("activation_min", low),
            ("activation_max", high),
        )


OPS = (Mul,)
