"""CONCATENATION and PACK: several tensors side by side in one."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import copies, moving, rules
from tinyflow.compiler.ops.op import KernelCall, Op


def a_computed_input(graph: Graph, node: Node) -> str | None:
    """At least one input is not a constant."""
    computed = any(graph.tensors[index].data is None for index in node.inputs)
    return None if computed else f"{len(node.inputs)} constants"


def known_axis(graph: Graph, node: Node) -> str | None:
    """The axis is one of the input's."""
    axis, rank = node.options.get("axis", 0), len(graph.activation(node, 0).shape)
    return None if moving.axis_of(axis, rank) is not None else f"axis {axis} of {rank}"


def known_new_axis(graph: Graph, node: Node) -> str | None:
    """The axis is one of the output's, which has one dimension more than the inputs."""
    axis, rank = node.options.get("axis", 0), len(graph.activation(node, 0).shape) + 1
    return None if moving.axis_of(axis, rank) is not None else f"axis {axis} of {rank}"


def fitting_inputs(graph: Graph, node: Node) -> str | None:
    """The inputs' shapes are equal but along the axis."""
    axis = _axis(graph, node)
    first = graph.activation(node, 0).shape
    for index in node.inputs:
        shape = graph.tensors[index].shape
        if len(shape) != len(first) or _without(shape, axis) != _without(first, axis):
            return f"{rules.sizes(first)} beside {rules.sizes(shape)}"
    return None


def equal_inputs(graph: Graph, node: Node) -> str | None:
    """The inputs have one shape."""
    first = graph.activation(node, 0).shape
    for index in node.inputs:
        shape = graph.tensors[index].shape
        if shape != first:
            return f"{rules.sizes(first)} beside {rules.sizes(shape)}"
    return None


def no_activation(graph: Graph, node: Node) -> str | None:
    """There is no fused activation."""
    activation = node.options.get("fused_activation_function", "NONE")
    return None if activation == "NONE" else f"{activation}"


def counted_values(graph: Graph, node: Node) -> str | None:
    """values_count is the number of inputs."""
    count = node.options.get("values_count", 0)
    return None if count == len(node.inputs) else f"{count} for {len(node.inputs)} inputs"


def scales(graph: Graph, node: Node) -> str | None:
    """Where values are int8, all have the same scale and zero point (or none has a scale).

    Where they are int16, all zero points are 0; the scales do not count.
    """
    tensors = moving.moved(graph, node, None)
    if tensors[0].dtype == "int8":
        return moving.other_scale(tensors, 0.0)
    for tensor in tensors if tensors[0].dtype == "int16" else ():
        if tensor.quantization is not None and any(tensor.quantization.zero_points):
            return f"{tensor.name} has {rules.scales(tensor)}"
    return None


def _axis(graph: Graph, node: Node) -> int:
    return int(node.options.get("axis", 0)) % len(graph.activation(node, 0).shape)


def _without(shape: Sequence[int], axis: int) -> tuple[int, ...]:
    return (*shape[:axis], *shape[axis + 1 :])


def _side_by_side(graph: Graph, node: Node) -> list[int]:
    axis = _axis(graph, node)
    made = list(graph.activation(node, 0).shape)
    made[axis] = sum(
        shape[axis]
        for shape in (graph.tensors[index].shape for index in node.inputs)
        if axis < len(shape)
    )
    return made


def _stacked(graph: Graph, node: Node) -> list[int]:
    made = list(graph.activation(node, 0).shape)
    axis = int(node.options.get("axis", 0)) % (len(made) + 1)
    return [*made[:axis], len(node.inputs), *made[axis:]]


class _Joining(Op):
    @abstractmethod
    def rows(self, graph: Graph, node: Node) -> int:
        """Rows of the output in each of which every input has one block."""

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        rows, calls = self.rows(graph, node), []
        (output,) = node.outputs
        stride = graph.tensors[output].size_bytes // rows
        offset = 0
        for index in node.inputs:
            source = graph.tensors[index]
            block = source.size_bytes // rows
            if source.data is None:
                axes = (copies.Axis(rows, block, stride),)
                calls.append(
                    copies.copy(graph, index, output, axes, run=block, output_offset=offset)
                )
            else:
                calls.append(
                    copies.copy_constant(source, output, rows=rows, stride=stride, offset=offset)
                )
            offset += block
        return tuple(calls)


class Concatenation(_Joining):
    """Tensors side by side along an axis; any but not all of them may be constants.

    Values are not rescaled, as in the reference: it refuses int8 tensors of different scales, and
    does not look at those of int16.

    Nothing is copied of a tensor that can be computed where it belongs: one that is a single block
    of the output.
    """

    name = "CONCATENATION"
    structure = (
        moving.operands(1, None),
        rules.bounded_sizes,
        moving.one_type(None),
        a_computed_input,
        known_axis,
    )
    constraints = (
        fitting_inputs,
        no_activation,
        moving.output_shape("the inputs, side by side,", _side_by_side),
        scales,
    )

    def rows(self, graph: Graph, node: Node) -> int:
        return math.prod(graph.output(node).shape[: _axis(graph, node)])


class Pack(_Joining):
    """Tensors of one shape side by side along a new axis; any but not all may be constants.

    The reference has no kernel for bool; it is moved like int8.
    """

    name = "PACK"
    structure = (
        moving.operands(1, None),
        rules.bounded_sizes,
        moving.one_type(None),
        a_computed_input,
        known_new_axis,
    )
    constraints = (
        equal_inputs,
        counted_values,
        moving.output_shape("the inputs, side by side,", _stacked),
        moving.one_scale(None),
    )

    def rows(self, graph: Graph, node: Node) -> int:
        shape = graph.output(node).shape
        return math.prod(shape[: int(node.options.get("axis", 0)) % len(shape)])


OPS = (Concatenation, Pack)
