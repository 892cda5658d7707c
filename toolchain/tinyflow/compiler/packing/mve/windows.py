"""CONV_2D by windows: they are copied to scratch and multiplied there, three at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tinyflow.compiler.ops.op import KernelCall, Overlap
from tinyflow.compiler.packing.backend import SCRATCH_BYTES, Variant
from tinyflow.compiler.packing.mve.convolution import (
    PIXELS,
    SLICE,
    kernel_call,
)
from tinyflow.compiler.packing.mve.scales import LANES, Scales
from tinyflow.compiler.packing.traces import block_trace, over_input, ring_trace
from tinyflow.compiler.packing.weighted import Weighted

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHORT_SLICES = 9
"""The most that the kernel for short windows takes."""
WINDOWS_BYTES = 1024
"""About so many bytes of windows are copied at once."""


def variants(layer: Weighted, scaled: Scales) -> Iterator[Variant]:
    """Any filter; one of one pixel without a ring of rows."""
    slices = -(-layer.flat.shape[1] // SLICE)
    pointwise = _is_pointwise(layer)
    width = (layer.output_width - 1) * layer.stride_width + layer.filter_width
    ring_bytes = 0 if pointwise else layer.filter_height * width * layer.input_channels
    room = min(WINDOWS_BYTES, SCRATCH_BYTES - ring_bytes)
    run = layer.output_width * layer.output_height
    block = min(max(room // (slices * SLICE * PIXELS), 1) * PIXELS, run)
    scratch_bytes = ring_bytes + block * slices * SLICE
    if scratch_bytes > SCRATCH_BYTES:
        return
    call = kernel_call(
        "pointwise_mve" if pointwise else "conv_2d_mve",
        layer,
        scaled,
        packed(layer.flat, scaled),
        slices=slices,
        block=block,
        scratch_bytes=scratch_bytes,
    )
    yield Variant(
        "windows",
        (call,),
        _overlaps(layer, call, block),
        _instructions(layer, scaled, slices, block),
    )


def packed(weights: NDArray[np.int64], scaled: Scales) -> NDArray[np.int32]:
    """Weights [channels, values] as tnf_pixels_mve.h has them."""
    channels, values = weights.shape
    quads, slices = -(-channels // LANES), -(-values // SLICE)
    padded = np.zeros((quads * LANES, slices * SLICE), np.int8)
    padded[:channels, :values] = weights
    if slices <= SHORT_SLICES:
        padded = np.roll(padded, SLICE, 1)
    # Lane 2a + b of a quad is channel a of pair b.
    lanes = padded.reshape(quads, 2, 2, slices, SLICE).transpose(0, 2, 3, 1, 4)
    words = np.ascontiguousarray(lanes).view("<i4").reshape(quads, -1)
    return np.concatenate((words, scaled.quads().reshape(quads, -1)), 1).astype(np.int32)


def _is_pointwise(layer: Weighted) -> bool:
    """Whether windows are pixels of the input."""
    reached = (layer.output_height - 1) * layer.stride_height < layer.input_height and (
        layer.output_width - 1
    ) * layer.stride_width < layer.input_width
    return (
        layer.filter_height == layer.filter_width == 1
        and layer.pad_top == layer.pad_left == 0
        and reached
    )


def _is_run(layer: Weighted) -> bool:
    """Whether all pixels of an image are computed one after the other."""
    return _is_pointwise(layer) and layer.stride_height == layer.stride_width == 1


def _overlaps(layer: Weighted, call: KernelCall, block: int) -> tuple[Overlap, ...]:
    if _is_run(layer):
        return (over_input(call, block_trace(layer, block)),)
    return () if _is_pointwise(layer) else (over_input(call, ring_trace(layer)),)


def _instructions(layer: Weighted, scaled: Scales, slices: int, block: int) -> int:
    """Those executed per inference."""
    quads = -(-layer.output_channels // LANES)
    quad = 22 * slices + 37 + (20 if scaled.exact else 0)
    if slices > SHORT_SLICES:
        quad += 26 + (slices - 1) // 8 * 8
    pixels = layer.output_height * layer.output_width
    blocks = [min(block, pixels - start) for start in range(0, pixels, block)]
    triples = sum(-(-count // PIXELS) for count in blocks)
    strip = layer.filter_width * layer.input_channels
    copied = {1: 6, 2: 8, 3: 10}.get(-(-strip // SLICE), 7 + 3 * -(-strip // SLICE))
    rows = 1 if _is_run(layer) else layer.output_height
    pieces = rows + len(blocks)
    windows = layer.filter_height * (pixels * copied + 40 * pieces)
    taken = 0
    if not _is_pointwise(layer):
        taken = layer.input_height * (110 + 3 * layer.input_width * layer.input_channels // SLICE)
    multiplied = triples * (quad * quads + 33) + 110 * len(blocks)
    return layer.batches * (multiplied + windows + taken + 40 * pieces + 100)
