"""MEAN."""

from __future__ import annotations

import math

import numpy as np

from tinyflow.compiler.graph import Graph, Node, array
from tinyflow.compiler.ops import rules
from tinyflow.compiler.ops.op import KernelCall, Op, Overlap, in_place
from tinyflow.compiler.quantmath import mean_multiplier

MAX_RANK = 4
MAX_AVERAGED = 1 << 23


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
    """At most 2^23 values are averaged into one."""
    count = _count(graph, node)
    return None if count <= MAX_AVERAGED else f"{count}"


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


class Mean(Op):
    """The mean over any axes."""

    name = "MEAN"
    structure = (
        rules.operands(2),
        rules.bounded_sizes,
        rules.activations(0),
        rules.computed_input,
        constant_axes,
        few_dimensions,
        known_axes,
    )
    constraints = (output_shape, small_count, large_factor)

    def overlaps(self, graph: Graph, node: Node) -> tuple[Overlap, ...]:
        return in_place(node, node.inputs[0])

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        source = rules.quantization(graph.activation(node, 0))
        output = rules.quantization(graph.output(node))
        count = _count(graph, node)
        multiplier = mean_multiplier(source.scale, output.scale, count)
        names = ("kept_0", "reduced_0", "kept_1", "reduced_1", "kept_2")
        return (
            KernelCall(
                function="tnf_mean_s8",
                header="tnf_reduce.h",
                kernels=("mean_s8",),
                params_type="tnf_mean_t",
                params=(
                    *zip(names, _extents(graph, node), strict=True),
                    ("input_offset", -source.zero_point * count),
                    ("output_offset", output.zero_point),
                    ("multiplier", multiplier.value),
                    ("shift", multiplier.shift),
                ),
                inputs=(node.inputs[0],),
                outputs=node.outputs,
            ),
        )


OPS = (Mean,)
