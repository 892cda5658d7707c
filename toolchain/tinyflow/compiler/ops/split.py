"""SPLIT, SPLIT_V and UNPACK: one tensor cut into several along an axis."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import copies, moving, rules
from tinyflow.compiler.ops.op import Constraint, KernelCall, Op


def counted_outputs(option: str) -> Constraint:
    """The rule that `option` tells the number of outputs."""

    def rule(graph: Graph, node: Node) -> str | None:
        count = node.options.get(option, 0)
        return None if count == len(node.outputs) else f"{count} for {len(node.outputs)} outputs"

    rule.__doc__ = f"{option} is the number of outputs."
    return rule


class _Cutting(Op):
    source: ClassVar[int] = 0
    """The position of the tensor that is cut."""

    @classmethod
    @abstractmethod
    def axis(cls, graph: Graph, node: Node) -> int | None:
        """The axis it is cut along, or None where the tensor has not that axis."""

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        index = node.inputs[self.source]
        tensor, axis = graph.tensors[index], self.axis(graph, node) or 0
        rows = math.prod(tensor.shape[:axis])
        stride, offset, calls = tensor.size_bytes // rows, 0, []
        for output in node.outputs:
            block = graph.tensors[output].size_bytes // rows
            axes = (copies.Axis(rows, stride, block),)
            calls.append(copies.copy(graph, index, output, axes, run=block, input_offset=offset))
            offset += block
        return tuple(calls)


def computed_source(position: int) -> Constraint:
    """The rule that the input at `position` is computed."""

    def rule(graph: Graph, node: Node) -> str | None:
        tensor = graph.activation(node, position)
        return None if tensor.data is None else f"constant {tensor.name}"

    rule.__doc__ = "The input is not a constant."
    return rule


def one_axis(position: int) -> Constraint:
    """The rule that the axis, the input at `position`, is one int32 constant."""

    def rule(graph: Graph, node: Node) -> str | None:
        tensor = graph.activation(node, position)
        if tensor.data is None:
            return f"{tensor.name} is computed"
        if tensor.dtype == "int32" and tensor.data.dtype.name == "int32" and tensor.elements == 1:
            return None
        return f"{tensor.name} is {tensor.dtype} {rules.shape(tensor)}"

    rule.__doc__ = "The axis is one int32 constant."
    return rule


def known_axis(position: int, source: int) -> Constraint:
    """The rule that the axis, the input at `position`, is one of the input's at `source`."""

    def rule(graph: Graph, node: Node) -> str | None:
        (axis,) = moving.integers(graph, node, position)
        rank = len(graph.activation(node, source).shape)
        return None if moving.axis_of(axis, rank) is not None else f"axis {axis} of {rank}"

    rule.__doc__ = "The axis is one of the input's."
    return rule


def _given_axis(graph: Graph, node: Node, position: int, source: int) -> int | None:
    (axis,) = moving.integers(graph, node, position)
    return moving.axis_of(axis, len(graph.activation(node, source).shape))


def even_parts(graph: Graph, node: Node) -> str | None:
    """The axis is cut into equal parts, one per output."""
    source = graph.activation(node, Split.source)
    axis = Split.axis(graph, node) or 0
    count = len(node.outputs)
    if source.shape[axis] % count:
        return f"{source.shape[axis]} into {count}"
    wanted = (*source.shape[:axis], source.shape[axis] // count, *source.shape[axis + 1 :])
    return _unexpected(graph, node, [wanted] * count)


def given_parts(graph: Graph, node: Node) -> str | None:
    """The parts along the axis are what the sizes say (-1 is the rest), and make up all of it."""
    source = graph.activation(node, 0)
    axis = SplitV.axis(graph, node) or 0
    parts = moving.integers(graph, node, 1)
    whole = source.shape[axis]
    if parts.count(-1) == 1:
        parts[parts.index(-1)] = whole - sum(parts) - 1
    if len(parts) != len(node.outputs) or sum(parts) != whole or min(parts) < 1:
        return f"{parts} of {whole} for {len(node.outputs)} outputs"
    shapes = [(*source.shape[:axis], part, *source.shape[axis + 1 :]) for part in parts]
    return _unexpected(graph, node, shapes)


def slices(graph: Graph, node: Node) -> str | None:
    """There is one output for each index of the axis, of the input's shape without it."""
    source, axis = graph.activation(node, 0), Unpack.axis(graph, node) or 0
    if len(node.outputs) != source.shape[axis]:
        return f"{len(node.outputs)} outputs for {source.shape[axis]}"
    wanted = (*source.shape[:axis], *source.shape[axis + 1 :])
    return _unexpected(graph, node, [wanted] * len(node.outputs))


def own_axis(graph: Graph, node: Node) -> str | None:
    """The axis is one of the input's."""
    if Unpack.axis(graph, node) is not None:
        return None
    return f"axis {node.options.get('axis', 0)} of {len(graph.activation(node, 0).shape)}"


def _unexpected(graph: Graph, node: Node, wanted: Sequence[tuple[int, ...]]) -> str | None:
    for index, shape in zip(node.outputs, wanted, strict=True):
        tensor = graph.tensors[index]
        if tensor.shape != shape:
            return f"{tensor.name} is {rules.shape(tensor)} where {rules.sizes(shape)} follows"
    return None


class Split(_Cutting):
    """Equal parts along an axis.

    Nothing is copied of a part that is a single block of the input and can stay in its place.

    The reference has no kernel for bool; it is moved like int8.
    """

    name = "SPLIT"
    source = 1
    structure = (
        moving.operands(2, 2, None),
        rules.bounded_sizes,
        moving.one_type(1),
        computed_source(1),
        one_axis(0),
        known_axis(0, 1),
    )
    constraints = (counted_outputs("num_splits"), even_parts, moving.one_scale(1))

    @classmethod
    def axis(cls, graph: Graph, node: Node) -> int | None:
        return _given_axis(graph, node, 0, 1)


class SplitV(_Cutting):
    """Parts of given sizes along an axis.

    The reference has no kernel for bool; it is moved like int8.
    """

    name = "SPLIT_V"
    structure = (
        moving.operands(3, 3, None),
        rules.bounded_sizes,
        moving.one_type(),
        computed_source(0),
        moving.constant_integers(1, "The sizes"),
        one_axis(2),
        known_axis(2, 0),
    )
    constraints = (counted_outputs("num_splits"), given_parts, moving.one_scale())

    @classmethod
    def axis(cls, graph: Graph, node: Node) -> int | None:
        return _given_axis(graph, node, 2, 0)


class Unpack(_Cutting):
    """The slices along an axis, without that axis."""

    name = "UNPACK"
    structure = (
        moving.operands(1, 1, None),
        rules.bounded_sizes,
        moving.one_type(),
        computed_source(0),
        own_axis,
    )
    constraints = (counted_outputs("num"), slices, moving.one_scale())

    @classmethod
    def axis(cls, graph: Graph, node: Node) -> int | None:
        rank = len(graph.activation(node, 0).shape)
        return moving.axis_of(int(node.options.get("axis", 0)), rank)


OPS = (Split, SplitV, Unpack)
