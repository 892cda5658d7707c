"""Rules that many operators share, as factories: each makes a constraint and its docstring."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tinyflow.compiler.graph import ABSENT, Graph, Node, Quantization, Tensor
from tinyflow.compiler.ops.op import Constraint
from tinyflow.compiler.quantmath import (
    INT8_MAX,
    INT8_MIN,
    INT32_MAX,
    MAX_LEFT_SHIFT,
    activation_range,
    quantize_multiplier,
)

MAX_ELEMENTS = 1 << 28
SCALE_TOLERANCE = 1e-5


def operands(least: int, most: int | None = None) -> Constraint:
    """The rule that a node has `least` or `most` inputs and one output."""
    most = least if most is None else most

    def rule(graph: Graph, node: Node) -> str | None:
        if len(node.outputs) != 1:
            return f"{len(node.outputs)} outputs"
        if not least <= len(node.inputs) <= most:
            return f"{len(node.inputs)} inputs"
        for position in range(least):
            if node.inputs[position] == ABSENT:
                return f"input {position} left out"
        if graph.output(node).data is not None:
            return "a constant as output"
        return None

    count = f"{least}" if least == most else f"{least} or {most}"
    verb, plural = ("is", "") if most == 1 else ("are", "s")
    rule.__doc__ = f"There {verb} {count} input{plural} and one output."
    return rule


def bounded_sizes(graph: Graph, node: Node) -> str | None:
    """Every dimension is at least 1, and no tensor has more than 2^28 values."""
    for index in (*node.inputs, *node.outputs):
        tensor = None if index == ABSENT else graph.tensors[index]
        if tensor is None:
            continue
        if any(size < 1 for size in tensor.shape) or tensor.elements > MAX_ELEMENTS:
            return f"{tensor.name} is {shape(tensor)}"
    return None


def activations(*positions: int, types: Sequence[str] = ("int8",)) -> Constraint:
    """The rule that the inputs at `positions`, or constants there, and the output have one type.

    `types` are those allowed, of int8 and int16. int16 has zero point 0, as everywhere.
    """

    def rule(graph: Graph, node: Node) -> str | None:
        tensors = _operands(graph, node, positions)
        for tensor in tensors:
            if tensor.dtype not in types:
                return f"{tensor.name} is {tensor.dtype}"
            if tensor.dtype != tensors[0].dtype:
                return f"{tensors[0].name} is {tensors[0].dtype}, {tensor.name} {tensor.dtype}"
            if not one_scale(tensor):
                return f"{tensor.name} has {scales(tensor)}"
        return None

    subject = f"Input{'s' * (len(positions) > 1)} and output"
    zero_points = {"int8": "a zero point from -128 to 127", "int16": "zero point 0"}
    if len(types) == 1:
        (only,) = types
        rule.__doc__ = f"{subject} are {only}, each with one positive scale and {zero_points[only]}"
    else:
        kinds = " or ".join(f"{name} with {zero_points[name]}" for name in types)
        rule.__doc__ = f"{subject} have one positive scale each and are of one type: {kinds}"
    return rule


def computed_input(graph: Graph, node: Node) -> str | None:
    """The input is not a constant."""
    tensor = graph.activation(node, 0)
    return None if tensor.data is None else f"constant {tensor.name}"


def same_scale(graph: Graph, node: Node) -> str | None:
    """Input and output have the same zero point and, to one part in 100,000, the same scale."""
    source, output = quantization(graph.activation(node, 0)), quantization(graph.output(node))
    same = math.isclose(source.scale, output.scale, rel_tol=SCALE_TOLERANCE)
    if same and source.zero_point == output.zero_point:
        return None
    return (
        f"{source.scale:g} and {source.zero_point} became {output.scale:g} and {output.zero_point}"
    )


def same_shape(graph: Graph, node: Node) -> str | None:
    """The output's shape is the input's."""
    source, output = graph.activation(node, 0), graph.output(node)
    return None if source.shape == output.shape else f"{shape(source)} became {shape(output)}"


def fused_activation(bounds: Sequence[str]) -> Constraint:
    """The rule that the fused activation is one of `bounds` and its bounds fit 32 bits."""

    def rule(graph: Graph, node: Node) -> str | None:
        activation = node.options.get("fused_activation_function", "NONE")
        if activation not in bounds:
            return f"{activation}"
        return bounds_overflow(str(activation), graph.output(node))

    rule.__doc__ = (
        f"The fused activation is {', '.join(bounds[:-1])} or {bounds[-1]}, and its bounds are "
        "32-bit integers in the output's scale"
    )
    return rule


def bounds_overflow(activation: str, output: Tensor) -> str | None:
    """What is found where a clamp's bounds are no 32-bit integers in the output's scale."""
    largest = {"RELU6": 6.0, "RELU_N1_TO_1": 1.0}.get(activation, 0.0)
    scale = quantization(output).scale
    return f"{activation} with scale {scale:g}" if largest / scale > INT32_MAX - 256 else None


def output_bounds(graph: Graph, node: Node) -> tuple[int, int]:
    """The least and the greatest output value that the fused activation leaves."""
    found = quantization(graph.output(node))
    activation = node.options.get("fused_activation_function", "NONE")
    return activation_range(activation, found.scale, found.zero_point, graph.output(node).dtype)


def multiplier_found(real: float, what: str) -> str | None:
    """What is found where a factor is none that a 32-bit multiplier can hold."""
    if math.isfinite(real) and quantize_multiplier(real).shift <= MAX_LEFT_SHIFT:
        return None
    return f"{what} {real:g}"


def quantization(tensor: Tensor) -> Quantization:
    """The tensor's scale and zero point; the structure proved that it has them."""
    if tensor.quantization is None:
        raise ValueError(f"tensor {tensor.name} has no scale")
    return tensor.quantization


def shape(tensor: Tensor) -> str:
    """The tensor's shape as people read it: 1x28x28x1."""
    return "x".join(str(size) for size in tensor.shape) or "a scalar"


def sizes(values: Sequence[int]) -> str:
    """A shape as people read it."""
    return "x".join(str(size) for size in values) or "a scalar"


def scales(tensor: Tensor) -> str:
    """What is to say of a tensor's scales."""
    found = tensor.quantization
    if found is None or not found.scales:
        return "no scale"
    if len(found.scales) > 1:
        return f"{len(found.scales)} scales"
    return f"scale {found.scale:g} and zero point {', '.join(map(str, found.zero_points))}"


def usable_scales(found: Quantization) -> bool:
    """Whether all scales are positive and finite."""
    return all(math.isfinite(scale) and scale > 0 for scale in found.scales)


def one_scale(tensor: Tensor) -> bool:
    """Whether the tensor has one positive scale, and a zero point of int8, for other types 0."""
    found = tensor.quantization
    low, high = (INT8_MIN, INT8_MAX) if tensor.dtype == "int8" else (0, 0)
    return (
        found is not None
        and len(found.scales) == 1
        and len(found.zero_points) == 1
        and usable_scales(found)
        and low <= found.zero_point <= high
    )


def _operands(graph: Graph, node: Node, positions: Sequence[int]) -> list[Tensor]:
    return [*(graph.activation(node, position) for position in positions), graph.output(node)]
