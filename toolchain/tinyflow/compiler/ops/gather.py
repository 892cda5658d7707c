"""GATHER."""

from __future__ import annotations

import math

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import copies, moving, rules
from tinyflow.compiler.ops.op import KernelCall, Op


def known_axis(graph: Graph, node: Node) -> str | None:
    """The axis is one of the input's, and batch dimensions come before it in input and indices."""
    source, indices = graph.activation(node, 0).shape, graph.activation(node, 1).shape
    axis, batch = _axis_and_batch(graph, node)
    known = axis is not None and batch is not None and batch <= axis
    if known and source[:batch] == indices[:batch]:
        return None
    told = node.options.get("axis", 0), node.options.get("batch_dims", 0)
    return (
        f"axis {told[0]} after {told[1]} of {rules.sizes(source)}, indices {rules.sizes(indices)}"
    )


def inside(graph: Graph, node: Node) -> str | None:
    """Every index is one of the axis."""
    axis, _ = _axis_and_batch(graph, node)
    size = graph.activation(node, 0).shape[axis or 0]
    for index in moving.integers(graph, node, 1):
        if not 0 <= index < size:
            return f"{index} of {size}"
    return None


def few_slices(graph: Graph, node: Node) -> str | None:
    """Where there are batch dimensions, at most 32768 slices are taken."""
    source = graph.activation(node, 0).shape
    axis, batch = _axis_and_batch(graph, node)
    count = math.prod(source[batch:axis]) * graph.activation(node, 1).elements
    return f"{count}" if batch and count > moving.MAX_LOOKED_UP else None


def _axis_and_batch(graph: Graph, node: Node) -> tuple[int | None, int | None]:
    """The axis, and the number of batch dimensions, counted from the front."""
    axis = moving.axis_of(int(node.options.get("axis", 0)), len(graph.activation(node, 0).shape))
    batch = int(node.options.get("batch_dims", 0))
    rank = len(graph.activation(node, 1).shape)
    batch += rank if batch < 0 else 0
    return axis, batch if 0 <= batch <= rank else None


def _cut(graph: Graph, node: Node) -> tuple[int, int]:
    axis, batch = _axis_and_batch(graph, node)
    if axis is None or batch is None:
        raise ValueError("no axis")
    return axis, batch


def _gathered(graph: Graph, node: Node) -> list[int]:
    source, indices = graph.activation(node, 0).shape, graph.activation(node, 1).shape
    axis, batch = _cut(graph, node)
    return [*source[:axis], *indices[batch:], *source[axis + 1 :]]


class Gather(Op):
    """Slices of the input at given indices of an axis.

    The indices must be constants: the reference refuses an index outside the input when it meets
    one, which compiled code could only do by a wrong result.
    """

    name = "GATHER"
    structure = (
        rules.operands(2),
        rules.bounded_sizes,
        moving.one_type(),
        rules.computed_input,
        moving.constant_integers(1, "The indices"),
        known_axis,
    )
    constraints = (
        inside,
        few_slices,
        moving.output_shape("input and indices", _gathered),
        moving.one_scale(),
    )

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        source = graph.activation(node, 0)
        axis, batch = _cut(graph, node)
        size = source.shape[axis]
        run = math.prod(source.shape[axis + 1 :]) * copies.item_bytes(source)
        batches = math.prod(source.shape[:batch])
        outer = math.prod(source.shape[batch:axis])
        indices = moving.integers(graph, node, 1)
        count = len(indices) // batches
        if batches == 1:
            lookups = [
                copies.Lookup(outer, size * run),
                copies.Lookup(count, run, tuple(indices)),
            ]
        else:
            table = tuple(
                row * size + index
                for row in range(batches * outer)
                for index in indices[row // outer * count : (row // outer + 1) * count]
            )
            lookups = [copies.Lookup(len(table), run, table)]
        return (copies.gather(node.inputs[0], node.outputs[0], lookups, run),)


OPS = (Gather,)
