"""TRANSPOSE."""

from __future__ import annotations

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import copies, moving, rules
from tinyflow.compiler.ops.op import KernelCall, Op

MAX_RANK = 6


def permutation(graph: Graph, node: Node) -> str | None:
    """The order of the axes names each of the input's once; -1 is the last."""
    rank = len(graph.activation(node, 0).shape)
    order = moving.integers(graph, node, 1)
    return None if sorted(_order(graph, node)) == list(range(rank)) else f"{order} of {rank}"


def _order(graph: Graph, node: Node) -> list[int]:
    """The input's axes in the output's order; -1 where there is none such."""
    rank = len(graph.activation(node, 0).shape)
    found = (moving.axis_of(axis, rank) for axis in moving.integers(graph, node, 1))
    return [-1 if axis is None else axis for axis in found]


def _transposed(graph: Graph, node: Node) -> list[int] | None:
    if permutation(graph, node):
        return None
    shape = graph.activation(node, 0).shape
    return [shape[axis] for axis in _order(graph, node)]


class Transpose(Op):
    """The input with its axes in another order."""

    name = "TRANSPOSE"
    structure = (
        rules.operands(2),
        rules.bounded_sizes,
        moving.one_type(),
        rules.computed_input,
        moving.ranks(1, MAX_RANK),
        moving.constant_integers(1, "The axes", wide=False),
    )
    constraints = (
        permutation,
        moving.output_shape("the input, in that order,", _transposed),
        moving.one_scale(),
    )

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        source, output = graph.activation(node, 0), graph.output(node)
        item = copies.item_bytes(source)
        strides = copies.dense_strides(source.shape, item)
        made = copies.dense_strides(output.shape, item)
        axes = [
            copies.Axis(size, strides[axis], stride)
            for size, axis, stride in zip(output.shape, _order(graph, node), made, strict=True)
        ]
        return (copies.copy(graph, node.inputs[0], node.outputs[0], axes, run=item),)


OPS = (Transpose,)
