"""PRELU."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import rules
from tinyflow.compiler.ops.broadcast import Binary, Numbers, broadcast
from tinyflow.compiler.ops.op import KernelCall
from tinyflow.compiler.quantmath import product_scale, quantize_multiplier, relu_scale


def int8_alpha(graph: Graph, node: Node) -> str | None:
    """Alpha is an int8 constant with one positive scale and a zero point from -128 to 127."""
    alpha = graph.activation(node, 1)
    if alpha.data is None:
        return f"{alpha.name} is computed"
    if alpha.dtype != "int8":
        return f"{alpha.name} is {alpha.dtype}"
    return None if rules.one_scale(alpha) else f"{alpha.name} has {rules.scales(alpha)}"


def large_factors(graph: Graph, node: Node) -> str | None:
    """Input scale over output scale is under 2^30, and so is that times alpha's scale."""
    found = (rules.multiplier_found(factor, "factor") for factor in _factors(graph, node))
    return next((text for text in found if text is not None), None)


def _factors(graph: Graph, node: Node) -> tuple[float, float]:
    """What values from zero on are multiplied by, and values under zero times alpha."""
    source, alpha = (rules.quantization(graph.activation(node, i)).scale for i in (0, 1))
    output = rules.quantization(graph.output(node)).scale
    if graph.output(node).dtype == "int16":
        return source / output, source * alpha / output
    return relu_scale(source, output), product_scale(source, alpha, output)


class Prelu(Binary):
    """Values under zero are multiplied by alpha, a constant that may be broadcast.

    The factors of the scales are computed in float32 as LiteRT does; TensorFlow Lite Micro uses
    float64, which moves some results by one. int16, which LiteRT 1.2 does not have, is as in
    TensorFlow Lite Micro.
    """

    name = "PRELU"
    kernel = "prelu"
    structure = (
        rules.operands(2),
        rules.bounded_sizes,
        rules.activations(0, types=("int8", "int16")),
        int8_alpha,
        rules.computed_input,
    )
    constraints = (broadcast, large_factors)

    def parameters(self, graph: Graph, node: Node, order: Sequence[int]) -> tuple[str, Numbers]:
        source, alpha = (rules.quantization(graph.activation(node, i)) for i in (0, 1))
        positive, negative = (quantize_multiplier(factor) for factor in _factors(graph, node))
        return "tnf_prelu_t", (
            ("input_offset", -source.zero_point),
            ("alpha_offset", -alpha.zero_point),
            ("output_offset", rules.quantization(graph.output(node)).zero_point),
            ("positive_multiplier", positive.value),
            ("positive_shift", positive.shift),
            ("negative_multiplier", negative.value),
            ("negative_shift", negative.shift),
        )

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        (call,) = super().lower(graph, node)
        return (dataclasses.replace(call, inputs=node.inputs[:1]),)


OPS = (Prelu,)
