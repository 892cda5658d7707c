"""TILE."""

from __future__ import annotations

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import copies, moving, rules
from tinyflow.compiler.ops.op import KernelCall, Op

MAX_RANK = 5


def one_for_each(graph: Graph, node: Node) -> str | None:
    """There is one multiple for each dimension."""
    rank, multiples = len(graph.activation(node, 0).shape), graph.activation(node, 1)
    return None if multiples.shape == (rank,) else f"{rules.shape(multiples)} for {rank} dimensions"


def _tiled(graph: Graph, node: Node) -> list[int]:
    shape, multiples = graph.activation(node, 0).shape, moving.integers(graph, node, 1)
    return [size * multiple for size, multiple in zip(shape, multiples, strict=True)]


class Tile(Op):
    """The input, repeated along its axes.

    The reference has no kernel for int16; it is moved like other types.
    """

    name = "TILE"
    structure = (
        rules.operands(2),
        rules.bounded_sizes,
        moving.one_type(),
        rules.computed_input,
        moving.ranks(1, MAX_RANK),
        moving.constant_integers(1, "The multiples"),
        one_for_each,
    )
    constraints = (moving.output_shape("input and multiples", _tiled), moving.one_scale())

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        source, output = graph.activation(node, 0), graph.output(node)
        item = copies.item_bytes(source)
        strides = copies.dense_strides(source.shape, item)
        made = copies.dense_strides(output.shape, item)
        axes = []
        for size, multiple, stride, step in zip(
            source.shape, moving.integers(graph, node, 1), strides, made, strict=True
        ):
            axes += [copies.Axis(multiple, 0, size * step), copies.Axis(size, stride, step)]
        return (copies.copy(graph, node.inputs[0], node.outputs[0], axes, run=item),)


OPS = (Tile,)
