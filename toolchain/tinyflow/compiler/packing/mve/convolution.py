"""CONV_2D: windows are copied to scratch and multiplied there, three at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tinyflow.compiler.memory.rows import RowTrace, reach, windowed
from tinyflow.compiler.ops.op import Constant, KernelCall, Overlap
from tinyflow.compiler.packing.backend import Variant
from tinyflow.compiler.packing.mve.scales import LANES, Scales, scales
from tinyflow.compiler.packing.weighted import Weighted

if TYPE_CHECKING:
    from numpy.typing import NDArray

SLICE = 16
"""Values that are multiplied at once."""
SHORT_SLICES = 9
PIXELS = 3
"""Windows that are multiplied at once."""
WINDOWS_BYTES = 1024
SCRATCH_BYTES = 4096


def variants(layer: Weighted) -> Iterator[Variant]:
    """The direct convolution, where there are neither groups nor dilation."""
    if layer.groups != 1 or max(layer.dilation_height, layer.dilation_width) > 1:
        return
    scaled = scales(layer)
    if scaled is None:
        return
    slices = -(-layer.flat.shape[1] // SLICE)
    pointwise = _is_pointwise(layer)
    width = (layer.output_width - 1) * layer.stride_width + layer.filter_width
    ring_bytes = 0 if pointwise else layer.filter_height * width * layer.input_channels
    room = min(WINDOWS_BYTES, SCRATCH_BYTES - ring_bytes)
    block = max(room // (slices * SLICE * PIXELS), 1) * PIXELS
    run = layer.output_width * (layer.output_height if _is_run(layer) else 1)
    block = min(block, run)
    scratch_bytes = ring_bytes + block * slices * SLICE
    if scratch_bytes > SCRATCH_BYTES:
        return
    name = "pointwise_mve" if pointwise else "conv_2d_mve"
    params = dict(layer.call.params)
    fields = [(field, int(params[field])) for field in FIELDS]
    call = KernelCall(
        function=f"tnf_{name}_s8",
        header="tnf_conv_mve.h",
        kernels=(f"{name}_s8",),
        params_type="tnf_conv_2d_mve_t",
        params=(
            *fields,
            ("input_zero_point", layer.input_zero_point),
            ("slices", slices),
            ("block", block),
            *scaled.fields,
        ),
        inputs=layer.call.inputs,
        outputs=layer.call.outputs,
        constants=(Constant("weights", "int32_t", packed(layer.flat, scaled)),),
        scratch_bytes=scratch_bytes,
        by_rows=f"tnf_{name}_rows_s8",
    )
    trace = _blocks(layer, block) if pointwise else _rows(layer)
    overlaps: tuple[Overlap, ...] = ()
    if trace is not None:
        overlaps = (Overlap(call.inputs[0], call.outputs[0], reach(trace), trace),)
    yield Variant("windows", (call,), overlaps, _instructions(layer, slices, block, pointwise))


FIELDS = (
    "batches",
    "input_height",
    "input_width",
    "input_channels",
    "output_height",
    "output_width",
    "output_channels",
    "filter_height",
    "filter_width",
    "stride_height",
    "stride_width",
    "pad_top",
    "pad_left",
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


def _blocks(layer: Weighted, block: int) -> RowTrace | None:
    """Pixels in the blocks in which they are copied."""
    if not _is_run(layer):
        return None
    pixels = layer.output_height * layer.output_width
    image = np.minimum((np.arange(pixels) // block + 1) * block, pixels)
    starts = np.arange(layer.batches) * pixels
    consumed = (starts[:, np.newaxis] + image).reshape(-1)
    return RowTrace(
        layer.batches * pixels,
        layer.input_channels,
        layer.output_channels,
        tuple(consumed.tolist()),
    )


def _rows(layer: Weighted) -> RowTrace:
    return windowed(
        layer.output_height,
        layer.input_height,
        layer.filter_height,
        layer.stride_height,
        layer.pad_top,
        input_row_bytes=layer.input_width * layer.input_channels,
        output_row_bytes=layer.output_width * layer.output_channels,
        batches=layer.batches,
    )


def _instructions(layer: Weighted, slices: int, block: int, pointwise: bool) -> int:
    """Those executed per inference."""
    quads = -(-layer.output_channels // LANES)
    quad = 22 * slices + 35
    if slices > SHORT_SLICES:
        quad += 28 + (slices - 1) // 8 * 8
    runs = layer.batches * (1 if _is_run(layer) else layer.output_height)
    pixels = layer.output_height * layer.output_width * layer.batches // runs
    blocks = [min(block, pixels - start) for start in range(0, pixels, block)]
    triples = sum(-(-count // PIXELS) for count in blocks)
    strip = layer.filter_width * layer.input_channels
    copied = 6 if strip <= SLICE else 11 + 3 * -(-strip // SLICE)
    windows = layer.filter_height * (pixels * copied + 20 * len(blocks))
    return runs * (triples * (quad * quads + 35) + 110 * len(blocks) + windows + 60)
