"""Operators of two tensors: how their shapes meet, and the call they become."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from tinyflow.compiler.graph import Graph, Node, Tensor, array
from tinyflow.compiler.ops import rules
from tinyflow.compiler.ops.op import Constant, KernelCall, Op, Overlap, in_place

MAX_RANK = 4
SUFFIXES = {"int8": "s8", "int16": "s16", "int32": "s32"}

Numbers = Sequence[tuple[str, int]]
"""Fields of a parameter struct and their values."""


@dataclass(frozen=True)
class _Dimension:
    """An extent of the output, and whether either input is dense along it."""

    extent: int
    dense: tuple[bool, bool]


def one_computed(graph: Graph, node: Node) -> str | None:
    """At least one input is not a constant."""
    tensors = [graph.activation(node, position) for position in (0, 1)]
    if all(tensor.data is not None for tensor in tensors):
        return f"constants {tensors[0].name} and {tensors[1].name}"
    return None


def broadcast(graph: Graph, node: Node) -> str | None:
    """The inputs have one shape, or up to four dimensions that are equal or 1 in one of them."""
    first, second = graph.activation(node, 0), graph.activation(node, 1)
    output = graph.output(node)
    made = f"{rules.shape(first)} and {rules.shape(second)} became {rules.shape(output)}"
    if first.shape == second.shape:
        return None if output.shape == first.shape else made
    if len(output.shape) > MAX_RANK:
        return made
    shapes = [_extended(tensor, len(output.shape)) for tensor in (first, second)]
    if any(len(shape) != len(output.shape) for shape in shapes):
        return made
    for a, b, c in zip(*shapes, output.shape, strict=True):
        if not (a == b or 1 in (a, b)) or c != max(a, b):
            return made
    return None


def _extended(tensor: Tensor, rank: int) -> tuple[int, ...]:
    return (1,) * (rank - len(tensor.shape)) + tensor.shape


def _dimensions(graph: Graph, node: Node) -> list[_Dimension]:
    """The output's four dimensions, outermost first; neighbours that broadcast alike are merged."""
    output = graph.output(node).shape
    shapes = [_extended(graph.activation(node, i), len(output)) for i in (0, 1)]
    merged: list[_Dimension] = []
    for extent, first, second in zip(output, *shapes, strict=True):
        if extent == 1:
            continue
        dense = (first == extent, second == extent)
        if merged and merged[-1].dense == dense:
            merged[-1] = _Dimension(merged[-1].extent * extent, dense)
        else:
            merged.append(_Dimension(extent, dense))
    return [_Dimension(1, (True, True))] * (MAX_RANK - len(merged)) + merged


def _strides(dimensions: Sequence[_Dimension], position: int) -> list[int]:
    strides: list[int] = []
    step = 1
    for dimension in reversed(dimensions):
        strides.append(step if dimension.dense[position] else 0)
        step *= dimension.extent if dimension.dense[position] else 1
    return strides[::-1]


def _shape(graph: Graph, node: Node, order: Sequence[int]) -> Numbers:
    """The fields of tnf_broadcast_t."""
    dimensions = _dimensions(graph, node)
    numbers = [(f"shape.extent_{i}", dimension.extent) for i, dimension in enumerate(dimensions)]
    for name, position in zip(("input1", "input2"), order, strict=True):
        strides = enumerate(_strides(dimensions, position))
        numbers += [(f"shape.{name}_stride_{i}", stride) for i, stride in strides]
    return numbers


class Binary(Op):
    """An operator of two tensors, either of which may be broadcast and one a constant.

    Its kernels are tnf_<kernel>_s8, tnf_<kernel>_s16 ... by the output's type.
    """

    kernel: ClassVar[str]

    @abstractmethod
    def parameters(self, graph: Graph, node: Node, order: Sequence[int]) -> tuple[str, Numbers]:
        """The parameter struct, and its fields after the shape.

        `order` are the positions of the kernel's operands.
        """

    def order(self, graph: Graph, node: Node) -> tuple[int, int]:
        """The positions of the kernel's operands: a constant is the second."""
        return (0, 1) if graph.activation(node, 0).data is None else (1, 0)

    def overlaps(self, graph: Graph, node: Node) -> tuple[Overlap, ...]:
        size = graph.output(node).elements
        computed = (i for i in dict.fromkeys(node.inputs) if graph.tensors[i].data is None)
        return in_place(node, *(i for i in computed if graph.tensors[i].elements == size))

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        order = self.order(graph, node)
        first, second = (node.inputs[position] for position in order)
        dtype = graph.output(node).dtype
        stem = f"{self.kernel}_{SUFFIXES[dtype]}"
        params_type, numbers = self.parameters(graph, node, order)
        constants: tuple[Constant, ...] = ()
        if graph.tensors[second].data is not None:
            ctype = f"{graph.tensors[second].dtype}_t"
            constants = (Constant("constant", ctype, array(graph.tensors[second])),)
        return (
            KernelCall(
                function=f"tnf_{stem}",
                header="tnf_binary.h",
                kernels=(stem,),
                params_type=params_type,
                params=(*_shape(graph, node, order), *numbers),
                inputs=(first, first if constants else second),
                outputs=node.outputs,
                constants=constants,
            ),
        )
