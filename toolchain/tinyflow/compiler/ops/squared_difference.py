"""SQUARED_DIFFERENCE."""

from __future__ import annotations

from collections.abc import Sequence

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import rules
from tinyflow.compiler.ops.add import sum_numbers
from tinyflow.compiler.ops.broadcast import Binary, Numbers, broadcast, one_computed
from tinyflow.compiler.quantmath import (
    SQUARED_DIFFERENCE_LEFT_SHIFT,
    SumConstants,
    quantize_multiplier,
    squared_difference_scales,
)


def small_output_factor(graph: Graph, node: Node) -> str | None:
    """The square of twice the larger input scale is under 2^14 times the output scale."""
    factor = _factors(graph, node)[2]
    if factor < 1.0 and quantize_multiplier(factor).shift <= 0:
        return None
    return f"{factor * 4**SQUARED_DIFFERENCE_LEFT_SHIFT:g} times"


def _factors(graph: Graph, node: Node) -> tuple[float, float, float]:
    first, second = (rules.quantization(graph.activation(node, i)).scale for i in (0, 1))
    return squared_difference_scales(first, second, rules.quantization(graph.output(node)).scale)


class SquaredDifference(Binary):
    """The square of the difference of two tensors, with broadcasting; one may be a constant."""

    name = "SQUARED_DIFFERENCE"
    kernel = "squared_difference"
    params_type = "tnf_add_t"
    structure = (
        rules.operands(2),
        rules.bounded_sizes,
        rules.activations(0, 1),
        one_computed,
    )
    constraints = (broadcast, small_output_factor)

    def numbers(self, graph: Graph, node: Node, order: Sequence[int]) -> Numbers:
        first, second, whole = (quantize_multiplier(factor) for factor in _factors(graph, node))
        constants = SumConstants(SQUARED_DIFFERENCE_LEFT_SHIFT, (first, second), whole)
        return sum_numbers(graph, node, order, constants)


OPS = (SquaredDifference,)
