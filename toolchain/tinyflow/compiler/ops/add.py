"""ADD and SUB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import rules
from tinyflow.compiler.ops.arithmetic import Arithmetic, fused_activation, one_type
from tinyflow.compiler.ops.broadcast import Numbers, broadcast, one_computed
from tinyflow.compiler.quantmath import (
    ADD_LEFT_SHIFT,
    ADD_LEFT_SHIFT_INT16,
    SumConstants,
    add_scales,
    power_of_two_sum,
    quantize_multiplier,
)


def small_output_factor(graph: Graph, node: Node) -> str | None:
    """Twice the larger input scale is under 2^20 times (int16: 2^15 times) the output scale."""
    if graph.output(node).dtype == "int32":
        return None
    shift = _left_shift(graph, node)
    factor = add_scales(*_scales(graph, node), shift)[2]
    if factor < 1.0 and quantize_multiplier(factor).shift <= 0:
        return None
    return f"{factor * 2**shift:g} times"


def _left_shift(graph: Graph, node: Node) -> int:
    return ADD_LEFT_SHIFT_INT16 if graph.output(node).dtype == "int16" else ADD_LEFT_SHIFT


def _scales(graph: Graph, node: Node) -> tuple[float, float, float]:
    first, second = (rules.quantization(graph.activation(node, i)).scale for i in (0, 1))
    return first, second, rules.quantization(graph.output(node)).scale


def sum_numbers(
    graph: Graph, node: Node, order: Sequence[int], constants: SumConstants, sign: int = 1
) -> Numbers:
    """The fields of tnf_add_t after the shape; the second input is multiplied by `sign`."""
    numbers: list[tuple[str, int]] = []
    for name, position in zip(("input1", "input2"), order, strict=True):
        multiplier = constants.inputs[position]
        zero_point = rules.quantization(graph.activation(node, position)).zero_point
        numbers += [
            (f"{name}_offset", -zero_point),
            (f"{name}_multiplier", multiplier.value * (sign if position == 1 else 1)),
            (f"{name}_shift", multiplier.shift),
        ]
    low, high = rules.output_bounds(graph, node)
    return [
        *numbers,
        ("left_shift", constants.left_shift),
        ("output_offset", rules.quantization(graph.output(node)).zero_point),
        ("output_multiplier", constants.output.value),
        ("output_shift", constants.output.shift),
        ("activation_min", low),
        ("activation_max", high),
    ]


class Add(Arithmetic):
    """The sum of two tensors, with broadcasting; one of them may be a constant. int32 wraps.

    int16 with scales that are powers of two is added as LiteRT does it when the option
    pot_scale_int16 is set: one operand has the output's scale, the other is shifted right and
    rounded before the sum. TensorFlow Lite Micro rounds the sum instead, as for all other scales;
    so does tinyflow where LiteRT refuses such scales or reads outside a tensor (broadcasting).
    """

    name = "ADD"
    kernel = "add"
    shifts_broadcast: ClassVar[bool] = False
    structure = (rules.operands(2), rules.bounded_sizes, one_type, one_computed)
    constraints = (broadcast, small_output_factor, fused_activation)

    def shifted_sum(self, graph: Graph, node: Node) -> SumConstants | None:
        """The constants of a sum of int16 scaled by powers of two, None where it is none."""
        if graph.output(node).dtype != "int16" or not node.options.get("pot_scale_int16", True):
            return None
        same = graph.activation(node, 0).shape == graph.activation(node, 1).shape
        if not same and not self.shifts_broadcast:
            return None
        return power_of_two_sum(*_scales(graph, node))

    def quantized(self, graph: Graph, node: Node, order: Sequence[int]) -> tuple[str, Numbers]:
        made = self.shifted_sum(graph, node)
        if made is None:
            shift = _left_shift(graph, node)
            factors = add_scales(*_scales(graph, node), shift)
            first, second, whole = (quantize_multiplier(factor) for factor in factors)
            made = SumConstants(shift, (first, second), whole)
        return "tnf_add_t", sum_numbers(graph, node, order, made, self.sign)


class Sub(Add):
    """The difference of two tensors, with broadcasting; one may be a constant. int32 wraps.

    int16 with scales that are powers of two is as in ADD, with broadcasting too. The factors of the
    scales are computed as LiteRT does; TensorFlow Lite Micro divides in float32.
    """

    name = "SUB"
    sign = -1
    shifts_broadcast = True


OPS = (Add, Sub)
