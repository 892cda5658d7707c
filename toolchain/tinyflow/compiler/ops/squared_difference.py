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
    """The square of twice the larger input scale is under 2^14 times (int16: once) the output
    scale."""
    factor = _factors(graph, node)[2]
    if factor < 1.0 and quantize_multiplier(factor).shift <= 0:
        return None
    return f"{factor * 4 ** _left_shift(graph, node):g} times"


def _left_shift(graph: Graph, node: Node) -> int:
    return SQUARED_DIFFERENCE_LEFT_SHIFT if graph.output(node).dtype == "int8" else 0


def _factors(graph: Graph, node: Node) -> tuple[float, float, float]:
    first, second = (rules.quantization(graph.activation(node, i)).scale for i in (0, 1))
    output = rules.quantization(graph.output(node)).scale
    return squared_difference_scales(first, second, output, _left_shift(graph, node))


class SquaredDifference(Binary):
    """The square of the difference of two tensors, with broadcasting; one may be a constant.

    int16, which LiteRT 1.2 does not have, is as in TensorFlow Lite Micro.
    """

    name = "SQUARED_DIFFERENCE"
    kernel = "squared_difference"
    structure = (
        rules.operands(2),
        rules.bounded_sizes,
        rules.activations(0, 1, types=("int8", "int16")),
        one_computed,
    )
    constraints = (broadcast, small_output_factor)

    def parameters(self, graph: Graph, node: Node, order: Sequence[int]) -> tuple[str, Numbers]:
        first, second, whole = (quantize_multiplier(factor) for factor in _factors(graph, node))
        constants = SumConstants(_left_shift(graph, node), (first, second), whole)
        return "tnf_add_t", sum_numbers(graph, node, order, constants)


OPS = (SquaredDifference,)
