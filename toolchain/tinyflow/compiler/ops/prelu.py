"""PRELU."""

from __future__ import annotations

from collections.abc import Sequence

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import rules
from tinyflow.compiler.ops.broadcast import Binary, Numbers, broadcast
from tinyflow.compiler.quantmath import product_scale, quantize_multiplier, relu_scale


def large_factors(graph: Graph, node: Node) -> str | None:
    """Input scale over output scale is under 2^30, and so is that times alpha's scale."""
    found = (rules.multiplier_found(factor, "factor") for factor in _factors(graph, node))
    return next((text for text in found if text is not None), None)


def _factors(graph: Graph, node: Node) -> tuple[float, float]:
    """What values from zero on are multiplied by, and values under zero times alpha."""
    source, alpha = (rules.quantization(graph.activation(node, i)).scale for i in (0, 1))
    output = rules.quantization(graph.output(node)).scale
    return relu_scale(source, output), product_scale(source, alpha, output)


class Prelu(Binary):
    """Values under zero are multiplied by alpha, a tensor that may be broadcast, or a constant."""

    name = "PRELU"
    kernel = "prelu"
    params_type = "tnf_prelu_t"
    structure = (
        rules.operands(2),
        rules.bounded_sizes,
        rules.activations(0, 1),
        rules.computed_input,
    )
    constraints = (broadcast, large_factors)

    def numbers(self, graph: Graph, node: Node, order: Sequence[int]) -> Numbers:
        source, alpha = (rules.quantization(graph.activation(node, i)) for i in (0, 1))
        positive, negative = (quantize_multiplier(factor) for factor in _factors(graph, node))
        return (
            ("input_offset", -source.zero_point),
            ("alpha_offset", -alpha.zero_point),
            ("output_offset", rules.quantization(graph.output(node)).zero_point),
            ("positive_multiplier", positive.value),
            ("positive_shift", positive.shift),
            ("negative_multiplier", negative.value),
            ("negative_shift", negative.shift),
        )


OPS = (Prelu,)
