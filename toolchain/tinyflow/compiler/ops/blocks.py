"""SPACE_TO_DEPTH, DEPTH_TO_SPACE, SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND: blocks of an image
become channels or batches, and back.
"""

from __future__ import annotations

import math

from tinyflow.compiler.graph import Graph, Node, Tensor
from tinyflow.compiler.ops import copies, moving, rules
from tinyflow.compiler.ops.op import KernelCall, Op

IMAGE_RANK = 4


def block_divides(graph: Graph, node: Node) -> str | None:
    """The block size is at least 1 and divides height and width."""
    _, height, width, _ = graph.activation(node, 0).shape
    size = int(node.options.get("block_size", 0))
    if size >= 1 and height % size == 0 and width % size == 0:
        return None
    return f"{size} for {height}x{width}"


def block_divides_channels(graph: Graph, node: Node) -> str | None:
    """The block size is at least 1 and its square divides the channels."""
    channels = graph.activation(node, 0).shape[3]
    size = int(node.options.get("block_size", 0))
    return None if size >= 1 and channels % (size * size) == 0 else f"{size} for {channels}"


def _deep(graph: Graph, node: Node) -> list[int] | None:
    if block_divides(graph, node):
        return None
    batch, height, width, channels = graph.activation(node, 0).shape
    size = int(node.options["block_size"])
    return [batch, height // size, width // size, channels * size * size]


def _wide(graph: Graph, node: Node) -> list[int] | None:
    if block_divides_channels(graph, node):
        return None
    batch, height, width, channels = graph.activation(node, 0).shape
    size = int(node.options["block_size"])
    return [batch, height * size, width * size, channels // (size * size)]


def _copy(graph: Graph, node: Node, wide: Tensor, deep: Tensor) -> KernelCall:
    """The call that writes the node's output; `wide` is the side whose pixels are the more."""
    batch, rows, columns, _ = deep.shape
    size = int(node.options["block_size"])
    pixel = wide.shape[3] * copies.item_bytes(wide)
    row = wide.shape[2] * pixel
    block = size * size * pixel
    strides = (
        (batch * rows, size * row, columns * block),
        (columns, size * pixel, block),
        (size, row, size * pixel),
    )
    deepens = deep is graph.output(node)
    axes = [
        copies.Axis(extent, *((here, there) if deepens else (there, here)))
        for extent, here, there in strides
    ]
    return copies.copy(graph, node.inputs[0], node.outputs[0], axes, run=size * pixel)


class SpaceToDepth(Op):
    """Each block of block_size x block_size pixels becomes one pixel.

    The reference has no kernel for int16 and bool; they are moved like other types.
    """

    name = "SPACE_TO_DEPTH"
    structure = (
        rules.operands(1),
        rules.bounded_sizes,
        moving.one_type(),
        rules.computed_input,
        moving.ranks(IMAGE_RANK, IMAGE_RANK),
    )
    constraints = (
        block_divides,
        moving.output_shape("input and block size", _deep),
        moving.one_scale(),
    )

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        return (_copy(graph, node, graph.activation(node, 0), graph.output(node)),)


class DepthToSpace(Op):
    """Each pixel becomes a block of block_size x block_size pixels.

    The reference has no kernel for int16 and bool; they are moved like other types.
    """

    name = "DEPTH_TO_SPACE"
    structure = SpaceToDepth.structure
    constraints = (
        block_divides_channels,
        moving.output_shape("input and block size", _wide),
        moving.one_scale(),
    )

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        return (_copy(graph, node, graph.output(node), graph.activation(node, 0)),)


def block_shape(graph: Graph, node: Node) -> str | None:
    """There is one block size for each spatial dimension of an input of 3 or 4, at least 1 each."""
    source, sizes = graph.activation(node, 0), graph.activation(node, 1)
    values = moving.integers(graph, node, 1)
    counted = len(source.shape) in (3, 4) and sizes.shape == (len(source.shape) - 2,)
    if counted and min(values) >= 1:
        return None
    return f"{values} for {rules.shape(source)}"


def two_for_each(graph: Graph, node: Node) -> str | None:
    """Paddings or crops are two for each spatial dimension, at least 0."""
    rank, borders = len(graph.activation(node, 0).shape) - 2, graph.activation(node, 2)
    values = moving.integers(graph, node, 2)
    if borders.shape == (rank, 2) and min(values) >= 0:
        return None
    return f"{rules.shape(borders)} {values}"


def small_sizes(graph: Graph, node: Node) -> str | None:
    """Height and width of input and output are at most 32768."""
    for tensor in (graph.activation(node, 0), graph.output(node)):
        if max(tensor.shape[1:3], default=0) > moving.MAX_LOOKED_UP:
            return f"{tensor.name} is {rules.shape(tensor)}"
    return None


def divided(graph: Graph, node: Node) -> str | None:
    """The block sizes divide height and width with their paddings."""
    for size, block, (before, after) in _spatial(graph, node):
        if (size + before + after) % block:
            return f"{before} + {size} + {after} by {block}"
    return None


def divided_batch(graph: Graph, node: Node) -> str | None:
    """The product of the block sizes divides the batch, and the crops leave something."""
    batch = graph.activation(node, 0).shape[0]
    blocks = math.prod(moving.integers(graph, node, 1))
    if batch % blocks:
        return f"batch {batch} by {blocks}"
    for size, block, (before, after) in _spatial(graph, node):
        if before + after >= size * block:
            return f"{size * block} less {before} and {after}"
    return None


def _spatial(graph: Graph, node: Node) -> list[tuple[int, int, tuple[int, int]]]:
    """Size, block size and borders of each spatial dimension."""
    shape = graph.activation(node, 0).shape[1:-1]
    borders = moving.integers(graph, node, 2)
    pairs = zip(borders[::2], borders[1::2], strict=True)
    return list(zip(shape, moving.integers(graph, node, 1), pairs, strict=True))


def _batched(graph: Graph, node: Node) -> list[int] | None:
    if divided(graph, node):
        return None
    batch, *_, channels = graph.activation(node, 0).shape
    spatial = _spatial(graph, node)
    blocks = math.prod(block for _, block, _ in spatial)
    sizes = [(size + sum(pair)) // block for size, block, pair in spatial]
    return [batch * blocks, *sizes, channels]


def _unbatched(graph: Graph, node: Node) -> list[int] | None:
    if divided_batch(graph, node):
        return None
    batch, *_, channels = graph.activation(node, 0).shape
    spatial = _spatial(graph, node)
    blocks = math.prod(block for _, block, _ in spatial)
    return [batch // blocks, *(s * block - sum(pair) for s, block, pair in spatial), channels]


def _lookups(
    wide: tuple[int, ...], batched: tuple[int, ...], node: Node, graph: Graph
) -> tuple[list[copies.Lookup], int]:
    """Where the pixels of `wide`, in order, lie in `batched`; and the bytes of a pixel."""
    spatial = _spatial(graph, node)
    item = copies.item_bytes(graph.output(node))
    strides = copies.dense_strides(batched, item)
    lookups = [copies.Lookup(wide[0], strides[0])]
    # The block's place, row by row, is the outer part of the batch's number.
    turn = wide[0] * math.prod(block for _, block, _ in spatial)
    for size, stride, (_, block, (before, _)) in zip(
        wide[1:-1], strides[1:-1], spatial, strict=True
    ):
        turn //= block
        table = tuple(
            (place % block) * turn * strides[0] + place // block * stride
            for place in range(before, before + size)
        )
        lookups.append(copies.Lookup(size, 1, table))
    return lookups, wide[-1] * item


class SpaceToBatch(Op):
    """Pixels of one place in their blocks become an image of its own; zeros around the input.

    The reference has no kernel for bool; it is moved like int8.
    """

    name = "SPACE_TO_BATCH_ND"
    structure = (
        rules.operands(3),
        rules.bounded_sizes,
        moving.one_type(),
        rules.computed_input,
        moving.constant_integers(1, "The block sizes", wide=False),
        moving.constant_integers(2, "Paddings or crops", wide=False),
        block_shape,
        two_for_each,
    )
    constraints = (
        divided,
        small_sizes,
        moving.output_shape("input, block sizes and paddings", _batched),
        moving.one_scale(),
    )

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        source, output = graph.activation(node, 0), graph.output(node)
        lookups, pixel = _lookups(source.shape, output.shape, node, graph)
        moved = copies.scatter(node.inputs[0], node.outputs[0], lookups, pixel)
        if source.elements == output.elements:
            return (moved,)
        return copies.fill(graph, node.outputs[0], moving.padding_value(output)), moved


class BatchToSpace(Op):
    """The inverse of SPACE_TO_BATCH_ND, with crops for its paddings.

    The reference has no kernel for bool; it is moved like int8.
    """

    name = "BATCH_TO_SPACE_ND"
    structure = SpaceToBatch.structure
    constraints = (
        divided_batch,
        small_sizes,
        moving.output_shape("input, block sizes and crops", _unbatched),
        moving.one_scale(),
    )

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        source, output = graph.activation(node, 0), graph.output(node)
        lookups, pixel = _lookups(output.shape, source.shape, node, graph)
        return (copies.gather(node.inputs[0], node.outputs[0], lookups, pixel),)


OPS = (BatchToSpace, DepthToSpace, SpaceToBatch, SpaceToDepth)
