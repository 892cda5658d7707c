"""SLICE, and what all slices share: along every axis an index, a step and a count."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import copies, moving, rules
from tinyflow.compiler.ops.op import KernelCall, Op, Overlap

MAX_RANK = 5


class Part(NamedTuple):
    """What is taken along one axis of the input: the first index, the step, and how many."""

    begin: int
    step: int
    size: int


class Slicing(Op):
    """Operators whose output is a part of the input."""

    @classmethod
    @abstractmethod
    def parts(cls, graph: Graph, node: Node) -> list[Part]:
        """What is taken, by axis of the input."""

    def overlaps(self, graph: Graph, node: Node) -> tuple[Overlap, ...]:
        if any(part.step < 0 for part in self.parts(graph, node)):
            return ()
        return (Overlap(node.inputs[0], node.outputs[0], _offset(graph, node, self)),)

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        source = graph.activation(node, 0)
        item = copies.item_bytes(source)
        strides = copies.dense_strides(source.shape, item)
        parts = self.parts(graph, node)
        made = copies.dense_strides([part.size for part in parts], item)
        axes = [
            copies.Axis(part.size, part.step * stride, output)
            for part, stride, output in zip(parts, strides, made, strict=True)
        ]
        offset = _offset(graph, node, self)
        (output,) = node.outputs
        return (copies.copy(graph, node.inputs[0], output, axes, run=item, input_offset=offset),)


def _offset(graph: Graph, node: Node, op: Slicing) -> int:
    """Where the first value lies in the input, in bytes."""
    source = graph.activation(node, 0)
    strides = copies.dense_strides(source.shape, copies.item_bytes(source))
    parts = op.parts(graph, node)
    return sum(part.begin * stride for part, stride in zip(parts, strides, strict=True))


def begins_and_sizes(graph: Graph, node: Node) -> str | None:
    """There is one begin and one size for each dimension."""
    rank = len(graph.activation(node, 0).shape)
    for position in (1, 2):
        tensor = graph.activation(node, position)
        if tensor.shape != (rank,):
            return f"{tensor.name} is {rules.shape(tensor)} for {rank} dimensions"
    return None


def inside(graph: Graph, node: Node) -> str | None:
    """Every slice lies inside the input (a size of -1 is the rest)."""
    begins, sizes = (moving.integers(graph, node, position) for position in (1, 2))
    for whole, begin, size in zip(graph.activation(node, 0).shape, begins, sizes, strict=True):
        if not 0 <= begin < whole or not (size == -1 or 1 <= size <= whole - begin):
            return f"{size} from {begin} of {whole}"
    return None


def _sliced(graph: Graph, node: Node) -> Sequence[int] | None:
    if inside(graph, node):
        return None
    return [part.size for part in Slice.parts(graph, node)]


class Slice(Slicing):
    """A part of the input. Nothing is copied where it is a single block that can stay in place."""

    name = "SLICE"
    structure = (
        rules.operands(3),
        rules.bounded_sizes,
        moving.one_type(),
        rules.computed_input,
        moving.ranks(1, MAX_RANK),
        moving.constant_integers(1, "The begins"),
        moving.constant_integers(2, "The sizes"),
        begins_and_sizes,
    )
    constraints = (
        inside,
        moving.output_shape("begins and sizes", _sliced),
        moving.one_scale(),
    )

    @classmethod
    def parts(cls, graph: Graph, node: Node) -> list[Part]:
        begins, sizes = (moving.integers(graph, node, position) for position in (1, 2))
        shape = graph.activation(node, 0).shape
        return [
            Part(begin, 1, whole - begin if size == -1 else size)
            for whole, begin, size in zip(shape, begins, sizes, strict=True)
        ]


OPS = (Slice,)
