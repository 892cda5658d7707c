"""MUL."""

from __future__ import annotations

from collections.abc import Sequence

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import rules
from tinyflow.compiler.ops.broadcast import Binary, Numbers, broadcast, one_computed
from tinyflow.compiler.quantmath import ACTIVATION_BOUNDS, product_scale, quantize_multiplier


def large_factor(graph: Graph, node: Node) -> str | None:
    """The product of the input scales over the output scale is under 2^30."""
    return rules.multiplier_found(_factor(graph, node), "factor")


def _factor(graph: Graph, node: Node) -> float:
    first, second = (rules.quantization(graph.activation(node, i)).scale for i in (0, 1))
    return product_scale(first, second, rules.quantization(graph.output(node)).scale)


class Mul(Binary):
    """The product of two tensors, with broadcasting; one of them may be a constant."""

    name = "MUL"
    kernel = "mul"
    params_type = "tnf_mul_t"
    structure = (
        rules.operands(2),
        rules.bounded_sizes,
        rules.activations(0, 1, types=("int8", "int16")),
        one_computed,
    )
    constraints = (
        broadcast,
        large_factor,
        rules.fused_activation(tuple(ACTIVATION_BOUNDS)),
    )

    def numbers(self, graph: Graph, node: Node, order: Sequence[int]) -> Numbers:
        first, second = (rules.quantization(graph.activation(node, i)) for i in order)
        multiplier = quantize_multiplier(_factor(graph, node))
        low, high = rules.output_bounds(graph, node)
        return (
            ("input1_offset", -first.zero_point),
            ("input2_offset", -second.zero_point),
            ("output_offset", rules.quantization(graph.output(node)).zero_point),
            ("multiplier", multiplier.value),
            ("shift", multiplier.shift),
            ("activation_min", low),
            ("activation_max", high),
        )


OPS = (Mul,)
