"""SUM, MEAN, REDUCE_MAX and REDUCE_MIN."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import ClassVar

import numpy as np

from tinyflow.compiler.graph import Graph, Node, array
from tinyflow.compiler.ops import rules
from tinyflow.compiler.ops.broadcast import SUFFIXES
from tinyflow.compiler.ops.op import Constraint, KernelCall, Op, Overlap, in_place
from tinyflow.compiler.quantmath import Multiplier, mean_multiplier, quantize_multiplier

MAX_RANK = 4
MAX_SUMMED = {"int8": 1 << 23, "int16": 1 << 16}


def constant_axes(graph: Graph, node: Node) -> str | None:
    """The axes are an int32 constant."""
    axes = graph.activation(node, 1)
    if axes.data is None:
        return f"{axes.name} is computed"
    return None if axes.data.dtype == np.int32 else f"{axes.name} is {axes.dtype}"


def few_dimensions(graph: Graph, node: Node) -> str | None:
    """The input has 1 to 4 dimensions."""
    source = graph.activation(node, 0)
    return None if 1 <= len(source.shape) <= MAX_RANK else rules.shape(source)


def known_axes(graph: Graph, node: Node) -> str | None:
    """Every axis is one of the input's."""
    rank = len(graph.activation(node, 0).shape)
    for axis in array(graph.activation(node, 1)).reshape(-1).tolist():
        if not -rank <= axis < rank:
            return f"axis {axis} of {rank}"
    return None


def output_shape(graph: Graph, node: Node) -> str | None:
    """The output's shape is the input's without the axes, or with 1 for each (keep_dims)."""
    source, output = graph.activation(node, 0), graph.output(node)
    reduced = _reduced(graph, node)
    keep = bool(node.options.get("keep_dims", False))
    expected = tuple(
        1 if axis in reduced else size
        for axis, size in enumerate(source.shape)
        if keep or axis not in reduced
    )
    if output.shape == expected:
        return None
    return f"{rules.shape(output)} where {rules.sizes(expected)} follows"


def small_count(graph: Graph, node: Node) -> str | None:
    """At most 2^23 values (int16: 2^16) become one."""
    count = _count(graph, node)
    return None if count <= MAX_SUMMED[graph.activation(node, 0).dtype] else f"{count}"


def large_factor(graph: Graph, node: Node) -> str | None:
    """Input scale over output scale is under 2^30."""
    return rules.multiplier_found(_ratio(graph, node), "factor")


def _ratio(graph: Graph, node: Node) -> float:
    source, output = graph.activation(node, 0), graph.output(node)
    return rules.quantization(source).scale / rules.quantization(output).scale


def _reduced(graph: Graph, node: Node) -> set[int]:
    rank = len(graph.activation(node, 0).shape)
    return {int(axis) % rank for axis in array(graph.activation(node, 1)).reshape(-1).tolist()}


def _count(graph: Graph, node: Node) -> int:
    source = graph.activation(node, 0).shape
    return math.prod(source[axis] for axis in _reduced(graph, node))


def _extents(graph: Graph, node: Node) -> list[int]:
    """The input's shape as kept, reduced, kept, reduced, kept; what is not needed is 1."""
    extents, place = [1, 1, 1, 1, 1], 0
    reduced = _reduced(graph, node)
    for axis, size in enumerate(graph.activation(node, 0).shape):
        if (axis in reduced) != (place % 2 == 1):
            place += 1
        extents[place] *= size
    return extents


class _Reduction(Op):
    """Any axes of up to four dimensions become one value each."""

    structure: ClassVar[tuple[Constraint, ...]] = (
        rules.operands(2),
        rules.bounded_sizes,
        rules.activations(0, types=("int8", "int16")),
        rules.computed_input,
        constant_axes,
        few_dimensions,
        known_axes,
    )
    kernel: ClassVar[str]
    params_type: ClassVar[str]

    @abstractmethod
    def numbers(self, graph: Graph, node: Node) -> tuple[tuple[str, int], ...]:
        """The parameters after the extents."""

    def overlaps(self, graph: Graph, node: Node) -> tuple[Overlap, ...]:
        return in_place(node, node.inputs[0])

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        stem = f"{self.kernel}_{SUFFIXES[graph.output(node).dtype]}"
        names = ("kept_0", "reduced_0", "kept_1", "reduced_1", "kept_2")
        extents = zip(names, _extents(graph, node), strict=True)
        return (
            KernelCall(
                function=f"tnf_{stem}",
                header="tnf_reduce.h",
                kernels=(stem,),
                params_type=self.params_type,
                params=(*extents, *self.numbers(graph, node)),
                inputs=(node.inputs[0],),
                outputs=node.outputs,
            ),
        )


class Sum(_Reduction):
    """The sum over any axes, as TensorFlow Lite Micro computes it.

    LiteRT 1.2 reads int8 values as if they were uint8 and has no int16 sum with a scale of its own.
    """

    name = "SUM"
    reference_fault = (
        "LiteRT 1.2 reads int8 as uint8 in SUM; the board computes as TensorFlow Lite Micro does"
    )
    kernel = "sum"
    params_type = "tnf_sum_t"
    constraints = (output_shape, small_count, large_factor)

    def multiplier(self, graph: Graph, node: Node) -> Multiplier:
        """What the sum of the values without their zero points is multiplied by."""
        return quantize_multiplier(_ratio(graph, node))

    def numbers(self, graph: Graph, node: Node) -> tuple[tuple[str, int], ...]:
        zero_point = rules.quantization(graph.activation(node, 0)).zero_point
        multiplier = self.multiplier(graph, node)
        return (
            ("input_offset", -zero_point * _count(graph, node)),
            ("output_offset", rules.quantization(graph.output(node)).zero_point),
            ("multiplier", multiplier.value),
            ("shift", multiplier.shift),
        )


class Mean(Sum):
    """The mean over any axes."""

    name = "MEAN"

    def multiplier(self, graph: Graph, node: Node) -> Multiplier:
        source, output = graph.activation(node, 0), graph.output(node)
        scales = rules.quantization(source).scale, rules.quantization(output).scale
        return mean_multiplier(*scales, _count(graph, node))


class ReduceMax(_Reduction):
    """The largest value over any axes."""

    name = "REDUCE_MAX"
    kernel = "reduce_max"
    params_type = "tnf_reduce_max_t"
    sign: ClassVar[int] = 1
    constraints = (output_shape, rules.same_scale)

    def numbers(self, graph: Graph, node: Node) -> tuple[tuple[str, int], ...]:
        return (("sign", self.sign),)


class ReduceMin(ReduceMax):
    """The smallest value over any axes."""

    name = "REDUCE_MIN"
    sign = -1


OPS = (Sum, Mean, ReduceMax, ReduceMin)
