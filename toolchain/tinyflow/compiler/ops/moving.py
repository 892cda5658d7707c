"""Rules of the operators that move values without changing them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyflow.compiler.graph import ABSENT, Graph, Node, Tensor, array
from tinyflow.compiler.ops import rules
from tinyflow.compiler.ops.op import Constraint

if TYPE_CHECKING:
    from numpy.typing import NDArray

Shape = Callable[[Graph, Node], "Sequence[int] | None"]
"""The shape that an output must have; None where another rule has found what is wrong."""

TYPES = ("int8", "int16", "int32", "float32", "bool")
MAX_LOOKED_UP = 1 << 15
"""The most indices that a call finds in a table."""
ZERO_POINTS = {"int8": (-128, 127), "int16": (-32768, 32767)}


def operands(least: int, most: int | None, outputs: int | None = 1) -> Constraint:
    """The rule that a node has `least` to `most` inputs, and `outputs`; None is any number."""

    def rule(graph: Graph, node: Node) -> str | None:
        if not node.outputs or (outputs is not None and len(node.outputs) != outputs):
            return f"{len(node.outputs)} outputs"
        if len(node.inputs) < least or (most is not None and len(node.inputs) > most):
            return f"{len(node.inputs)} inputs"
        if ABSENT in node.inputs:
            return f"input {node.inputs.index(ABSENT)} left out"
        if any(graph.tensors[index].data is not None for index in node.outputs):
            return "a constant as output"
        return None

    count = f"{least}" if least == most else f"{least} or more"
    verb, plural = ("is", "") if most == 1 else ("are", "s")
    made = "one output" if outputs == 1 else "one or more outputs"
    rule.__doc__ = f"There {verb} {count} input{plural} and {made}."
    return rule


def one_type(position: int | None = 0, also: Sequence[int] = ()) -> Constraint:
    """The rule that the input at `position`, those at `also` and all outputs are of one type.

    None is all inputs.
    """

    def rule(graph: Graph, node: Node) -> str | None:
        first, *others = tensors = moved(graph, node, position, also)
        for tensor in tensors:
            if tensor.dtype not in TYPES:
                return f"{tensor.name} is {tensor.dtype}"
        for tensor in others:
            if tensor.dtype != first.dtype:
                return f"{first.name} is {first.dtype}, {tensor.name} is {tensor.dtype}"
        return None

    rule.__doc__ = f"All values are of one type: {', '.join(TYPES[:-1])} or {TYPES[-1]}."
    return rule


def one_scale(
    position: int | None = 0, also: Sequence[int] = (), *, exact: bool = False
) -> Constraint:
    """The rule that int8 and int16 tensors share scale and zero point; `exact` is to the bit."""
    tolerance = 0.0 if exact else rules.SCALE_TOLERANCE

    def rule(graph: Graph, node: Node) -> str | None:
        tensors = moved(graph, node, position, also)
        return other_scale(tensors, tolerance) if tensors[0].dtype in ZERO_POINTS else None

    told = "" if exact else "to one part in 100,000, "
    rule.__doc__ = (
        f"Where values are int8 or int16, all have the same zero point and, {told}the same scale; "
        "or none has a scale."
    ).replace("and, the", "and the")
    return rule


def other_scale(tensors: Sequence[Tensor], tolerance: float) -> str | None:
    """What is found where quantised tensors have not one scale and zero point."""
    first, *others = tensors
    for tensor in tensors:
        if tensor.quantization is not None and not _usable(tensor):
            return f"{tensor.name} has {rules.scales(tensor)}"
    for tensor in others:
        if not _same_scale(first, tensor, tolerance):
            return (
                f"{first.name} has {rules.scales(first)}, {tensor.name} has {rules.scales(tensor)}"
            )
    return None


def ranks(least: int, most: int, position: int = 0) -> Constraint:
    """The rule that the input at `position` has `least` to `most` dimensions."""

    def rule(graph: Graph, node: Node) -> str | None:
        tensor = graph.activation(node, position)
        return None if least <= len(tensor.shape) <= most else rules.shape(tensor)

    count = f"{least}" if least == most else f"{least} to {most}"
    rule.__doc__ = f"The input has {count} dimensions."
    return rule


def constant_integers(position: int, subject: str, *, wide: bool = True) -> Constraint:
    """The rule that the input at `position` is a constant of integers. `subject` is plural."""
    types = ("int32", "int64") if wide else ("int32",)

    def rule(graph: Graph, node: Node) -> str | None:
        tensor = graph.activation(node, position)
        if tensor.data is None:
            return f"{tensor.name} is computed"
        return None if tensor.data.dtype.name in types else f"{tensor.name} is {tensor.dtype}"

    rule.__doc__ = f"{subject} are a constant of {' or '.join(types)}."
    return rule


def output_shape(made: str, expected: Shape) -> Constraint:
    """The rule that every output has the shape that `expected` tells; `made` says what makes it."""

    def rule(graph: Graph, node: Node) -> str | None:
        wanted = expected(graph, node)
        if wanted is None:
            return None
        for index in node.outputs:
            tensor = graph.tensors[index]
            if tensor.shape != tuple(wanted):
                return f"{rules.shape(tensor)} where {rules.sizes(tuple(wanted))} follows"
        return None

    rule.__doc__ = f"The output's shape is what {made} make."
    return rule


def integers(graph: Graph, node: Node, position: int) -> list[int]:
    """The values of a constant input, flat."""
    return [int(value) for value in array(graph.activation(node, position)).reshape(-1).tolist()]


def axis_of(axis: int, rank: int) -> int | None:
    """The axis counted from the front, or None where there is none."""
    return axis % rank if -rank <= axis < rank else None


def padding_value(output: Tensor) -> NDArray[Any]:
    """What stands for 0 in a tensor: its zero point."""
    quantized = output.dtype in ZERO_POINTS and output.quantization is not None
    zero = output.quantization.zero_point if quantized and output.quantization else 0
    return np.array(zero, output.dtype)


def moved(
    graph: Graph, node: Node, position: int | None = 0, also: Sequence[int] = ()
) -> list[Tensor]:
    """The inputs at `position` and `also`, all where it is None, and the outputs."""
    inputs = range(len(node.inputs)) if position is None else (position, *also)
    sources = [graph.activation(node, place) for place in inputs]
    return [*sources, *(graph.tensors[index] for index in node.outputs)]


def _usable(tensor: Tensor) -> bool:
    found = tensor.quantization
    if found is None or len(found.scales) != 1 or len(found.zero_points) != 1:
        return False
    low, high = ZERO_POINTS[tensor.dtype]
    return rules.usable_scales(found) and low <= found.zero_point <= high


def _same_scale(first: Tensor, second: Tensor, tolerance: float) -> bool:
    a, b = first.quantization, second.quantization
    if a is None or b is None:
        return a is b
    same = math.isclose(a.scale, b.scale, rel_tol=tolerance)
    return same and a.zero_point == b.zero_point
