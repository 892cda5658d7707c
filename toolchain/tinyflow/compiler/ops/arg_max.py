"""ARG_MAX and ARG_MIN."""

from __future__ import annotations

import math
from typing import ClassVar

from tinyflow.compiler.graph import Graph, Node, array
from tinyflow.compiler.ops import rules
from tinyflow.compiler.ops.broadcast import SUFFIXES
from tinyflow.compiler.ops.op import KernelCall, Op


def input_type(graph: Graph, node: Node) -> str | None:
    """The input is int8 or int16."""
    source = graph.activation(node, 0)
    return None if source.dtype in ("int8", "int16") else f"{source.name} is {source.dtype}"


def output_type(graph: Graph, node: Node) -> str | None:
    """The output is int32: what TensorFlow's argmax makes with output_type=tf.int32 instead of its
    default, int64."""
    output = graph.output(node)
    return None if output.dtype == "int32" else f"{output.name} is {output.dtype}"


def constant_axis(graph: Graph, node: Node) -> str | None:
    """The axis is an int32 or int64 constant of one value."""
    axis = graph.activation(node, 1)
    if axis.data is None:
        return f"{axis.name} is computed"
    if axis.dtype not in ("int32", "int64"):
        return f"{axis.name} is {axis.dtype}"
    return None if axis.elements == 1 else f"{axis.name} is {rules.shape(axis)}"


def known_axis(graph: Graph, node: Node) -> str | None:
    """The axis is one of the input's."""
    rank = len(graph.activation(node, 0).shape)
    axis = int(array(graph.activation(node, 1)).reshape(-1)[0])
    return None if -rank <= axis < rank else f"axis {axis} of {rank}"


def output_shape(graph: Graph, node: Node) -> str | None:
    """The output's shape is the input's without the axis."""
    source, output = graph.activation(node, 0), graph.output(node)
    axis = _axis(graph, node)
    expected = source.shape[:axis] + source.shape[axis + 1 :]
    if output.shape == expected:
        return None
    return f"{rules.shape(output)} where {rules.sizes(expected)} follows"


def _axis(graph: Graph, node: Node) -> int:
    rank = len(graph.activation(node, 0).shape)
    return int(array(graph.activation(node, 1)).reshape(-1)[0]) % rank


class ArgMax(Op):
    """The index of the largest value along an axis; of equal ones the first.

    Neither LiteRT nor TensorFlow Lite Micro takes int16; indices do not depend on the type.
    """

    name = "ARG_MAX"
    sign: ClassVar[int] = 1
    structure = (
        rules.operands(2),
        rules.bounded_sizes,
        input_type,
        output_type,
        rules.computed_input,
        constant_axis,
        known_axis,
    )
    constraints = (output_shape,)

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        source, axis = graph.activation(node, 0), _axis(graph, node)
        stem = f"arg_max_{SUFFIXES[source.dtype]}"
        return (
            KernelCall(
                function=f"tnf_{stem}",
                header="tnf_reduce.h",
                kernels=(stem,),
                params_type="tnf_arg_max_t",
                params=(
                    ("outer", math.prod(source.shape[:axis])),
                    ("size", source.shape[axis]),
                    ("inner", math.prod(source.shape[axis + 1 :])),
                    ("sign", self.sign),
                ),
                inputs=(node.inputs[0],),
                outputs=node.outputs,
            ),
        )


class ArgMin(ArgMax):
    """The index of the smallest value along an axis; of equal ones the first."""

    name = "ARG_MIN"
    sign = -1


OPS = (ArgMax, ArgMin)
