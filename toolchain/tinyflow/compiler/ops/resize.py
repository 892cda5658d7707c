"""RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import copies, moving, rules
from tinyflow.compiler.ops.op import Constraint, KernelCall, Op

IMAGE_RANK = 4
ONE = 1 << 10


def small_sizes(graph: Graph, node: Node) -> str | None:
    """Heights and widths are at most 32768."""
    for tensor in (graph.activation(node, 0), graph.output(node)):
        if max(tensor.shape[1:3], default=0) > moving.MAX_LOOKED_UP:
            return f"{tensor.name} is {rules.shape(tensor)}"
    return None


def height_and_width(graph: Graph, node: Node) -> str | None:
    """The new size is two numbers, height and width."""
    size = graph.activation(node, 1)
    return None if size.shape == (2,) else f"{size.name} is {rules.shape(size)}"


def one_of_two(graph: Graph, node: Node) -> str | None:
    """Not both align_corners and half_pixel_centers are set."""
    both = all(node.options.get(name, False) for name in ("align_corners", "half_pixel_centers"))
    return "both" if both else None


def _resized(graph: Graph, node: Node) -> list[int]:
    batch, _, _, channels = graph.activation(node, 0).shape
    return [batch, *moving.integers(graph, node, 1), channels]


def _structure(kind: Constraint) -> tuple[Constraint, ...]:
    return (
        rules.operands(2),
        rules.bounded_sizes,
        kind,
        rules.computed_input,
        moving.ranks(IMAGE_RANK, IMAGE_RANK),
        moving.constant_integers(1, "Height and width", wide=False),
        height_and_width,
    )


class ResizeNearestNeighbor(Op):
    """Each pixel is the nearest one of the input.

    The reference has no kernel for int32 and bool; they are moved like other types.
    """

    name = "RESIZE_NEAREST_NEIGHBOR"
    structure = _structure(moving.one_type())
    constraints = (
        small_sizes,
        one_of_two,
        moving.output_shape("input and size", _resized),
        moving.one_scale(),
    )

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        batch, height, width, channels = graph.activation(node, 0).shape
        _, rows, columns, _ = graph.output(node).shape
        pixel = channels * copies.item_bytes(graph.output(node))
        down, right = _nearest(node, height, rows), _nearest(node, width, columns)
        (source,), (output,) = node.inputs[:1], node.outputs
        if _repeats(down, height) and _repeats(right, width):
            axes = (
                copies.Axis(batch, height * width * pixel, rows * columns * pixel),
                copies.Axis(height, width * pixel, rows // height * columns * pixel),
                copies.Axis(rows // height, 0, columns * pixel),
                copies.Axis(width, pixel, columns // width * pixel),
                copies.Axis(columns // width, 0, pixel),
            )
            return (copies.copy(graph, source, output, axes, run=pixel),)
        lookups = (
            copies.Lookup(batch, height * width * pixel),
            copies.Lookup(rows, width * pixel, down),
            copies.Lookup(columns, pixel, right),
        )
        return (copies.gather(source, output, lookups, pixel),)


def _repeats(table: tuple[int, ...], size: int) -> bool:
    """Whether every index of `size` is there equally often, so that no table is needed."""
    times = len(table) // size
    return table == tuple(index for index in range(size) for _ in range(times))


def _nearest(node: Node, size: int, made: int) -> tuple[int, ...]:
    """The input's row or column for each of the output's, in float32 as the runtime finds it."""
    corners = bool(node.options.get("align_corners", False))
    centers = bool(node.options.get("half_pixel_centers", False))
    one = np.float32(1)
    if corners and made > 1:
        scale = one * np.float32(size - 1) / np.float32(made - 1)
    else:
        scale = one * np.float32(size) / np.float32(made)
    places = (np.arange(made).astype(np.float32) + np.float32(0.5 * centers)) * scale
    # Halves away from 0, which all places are not before; 0.5 less the last bit must not round up.
    whole = np.floor(places)
    found = whole + (places - whole >= np.float32(0.5)) if corners else whole
    return tuple(int(place) for place in np.clip(found, 0, size - 1))


class Steps(NamedTuple):
    """Where output row or column i lies in the input: scale * i + offset, with 10 fraction bits."""

    scale: int
    offset: int


def _steps(node: Node, size: int, made: int) -> Steps:
    if node.options.get("align_corners", False) and made > 1:
        scale = (ONE * (size - 1) + (made - 1) // 2) // (made - 1)
    else:
        scale = (ONE * size + made // 2) // made
    centers = bool(node.options.get("half_pixel_centers", False))
    return Steps(scale, scale // 2 - ONE // 2 if centers else 0)


def reads_inside(graph: Graph, node: Node) -> str | None:
    """The rounded scale leads to no row or column behind the input's last."""
    source, output = graph.activation(node, 0).shape, graph.output(node).shape
    for size, made in zip(source[1:3], output[1:3], strict=True):
        steps = _steps(node, size, made)
        if steps.scale * (made - 1) + steps.offset >= size * ONE:
            return f"{size} to {made}"
    return None


class ResizeBilinear(Op):
    """Each pixel is interpolated between the four around it, in fixed point with 10 fraction bits.

    The scale is rounded to 10 bits, as the runtime does it: where so many small steps would lead
    out of the input, which the runtime reads nevertheless, the model is refused.
    """

    name = "RESIZE_BILINEAR"
    structure = _structure(rules.activations(0, types=("int8", "int16")))
    constraints = (
        small_sizes,
        one_of_two,
        moving.output_shape("input and size", _resized),
        reads_inside,
        rules.same_scale,
    )

    def macs(self, graph: Graph, node: Node) -> int:
        return 4 * math.prod(graph.output(node).shape)

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        batch, height, width, channels = graph.activation(node, 0).shape
        _, rows, columns, _ = graph.output(node).shape
        down, right = _steps(node, height, rows), _steps(node, width, columns)
        kind = {"int8": "s8", "int16": "s16"}[graph.output(node).dtype]
        return (
            KernelCall(
                function=f"tnf_resize_bilinear_{kind}",
                header="tnf_resize.h",
                kernels=(f"resize_bilinear_{kind}",),
                params_type="tnf_resize_bilinear_t",
                params=(
                    ("batches", batch),
                    ("input_height", height),
                    ("input_width", width),
                    ("output_height", rows),
                    ("output_width", columns),
                    ("channels", channels),
                    ("height_scale", down.scale),
                    ("width_scale", right.scale),
                    ("height_offset", down.offset),
                    ("width_offset", right.offset),
                ),
                inputs=(node.inputs[0],),
                outputs=node.outputs,
            ),
        )


OPS = (ResizeBilinear, ResizeNearestNeighbor)
