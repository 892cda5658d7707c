"""MIRROR_PAD."""

from __future__ import annotations

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import copies, moving, pad
from tinyflow.compiler.ops.op import KernelCall, Op


def mirrored(graph: Graph, node: Node) -> str | None:
    """No padding is wider than what is mirrored: the input, less its border in REFLECT."""
    border = _border(node)
    shape = graph.activation(node, 0).shape
    for size, pair in zip(shape, pad.pairs(graph, node), strict=True):
        if max(pair) > size - border:
            return f"{max(pair)} beside {size}"
    return None


def small_sizes(graph: Graph, node: Node) -> str | None:
    """Dimensions that are padded become at most 32768 in size."""
    made = zip(pad.pairs(graph, node), graph.output(node).shape, strict=False)
    largest = max((size for pair, size in made if pair != (0, 0)), default=0)
    return None if largest <= moving.MAX_LOOKED_UP else f"{largest}"


def known_mode(graph: Graph, node: Node) -> str | None:
    """The mode is REFLECT or SYMMETRIC."""
    mode = node.options.get("mode", "REFLECT")
    return None if mode in ("REFLECT", "SYMMETRIC") else f"{mode}"


def _border(node: Node) -> int:
    """How many values at the edge are not repeated."""
    return 1 if node.options.get("mode", "REFLECT") == "REFLECT" else 0


class MirrorPad(Op):
    """The input with its mirror image around it; REFLECT leaves out the border's own values.

    The reference has no kernel for bool; it is moved like int8.
    """

    name = "MIRROR_PAD"
    structure = pad.Pad.structure
    constraints = (
        pad.positive_paddings,
        known_mode,
        mirrored,
        small_sizes,
        moving.output_shape("input and paddings", pad.padded),
        moving.one_scale(),
    )

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        source = graph.activation(node, 0)
        item, border = copies.item_bytes(source), _border(node)
        strides = copies.dense_strides(source.shape, item)
        lookups = []
        for size, stride, (before, after) in zip(
            source.shape, strides, pad.pairs(graph, node), strict=True
        ):
            if before or after:
                table = tuple(_mirror(i, size, border) for i in range(-before, size + after))
                lookups.append(copies.Lookup(len(table), stride, table))
            else:
                lookups.append(copies.Lookup(size, stride))
        return (copies.gather(node.inputs[0], node.outputs[0], lookups, item),)


def _mirror(index: int, size: int, border: int) -> int:
    if index < 0:
        return -index - 1 + border
    return index if index < size else 2 * size - 1 - index - border


OPS = (MirrorPad,)
