"""DEPTHWISE_CONV_2D: rows are sorted into planes, where a window is one run of bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tinyflow.compiler.ops.op import Constant, KernelCall
from tinyflow.compiler.packing.backend import SCRATCH_BYTES, Variant
from tinyflow.compiler.packing.mve.scales import LANES, Scales
from tinyflow.compiler.packing.traces import over_input, ring_trace
from tinyflow.compiler.packing.weighted import Weighted

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINDOW_BYTES = 16
"""The most that a window may have."""


def variants(layer: Weighted, scaled: Scales) -> Iterator[Variant]:
    """Planes, for small filters, one for each channel."""
    taps = layer.filter_height * layer.filter_width
    channels = layer.output_channels
    if taps > WINDOW_BYTES or channels < LANES or layer.depth_multiplier > 1:
        return
    columns = (layer.output_width - 1) * layer.stride_width + layer.filter_width
    scratch_bytes = channels * columns * layer.filter_height + WINDOW_BYTES
    if scratch_bytes > SCRATCH_BYTES:
        return
    starts = quads(channels)
    call = KernelCall(
        function="tnf_depthwise_mve_s8",
        header="tnf_depthwise_mve.h",
        kernels=("depthwise_mve_s8",),
        params_type="tnf_depthwise_mve_t",
        params=(
            *layer.fields("batches", "input_height", "input_width"),
            ("channels", channels),
            *layer.fields(
                *("output_height", "output_width", "filter_height", "filter_width"),
                *("stride_height", "stride_width", "pad_top", "pad_left"),
            ),
            ("input_zero_point", layer.input_zero_point),
            *scaled.fields,
        ),
        inputs=layer.call.inputs,
        outputs=layer.call.outputs,
        constants=(
            Constant("weights", "int8_t", packed(layer, starts)),
            Constant("scales", "int32_t", scaled.at(starts)),
        ),
        scratch_bytes=scratch_bytes,
        by_rows="tnf_depthwise_mve_rows_s8",
    )
    yield Variant(
        "planes",
        (call,),
        (over_input(call, ring_trace(layer)),),
        _instructions(layer, len(starts), columns),
    )


def quads(channels: int) -> tuple[int, ...]:
    """Where each four channels begin; the last ones overlap those before if they must."""
    return tuple(min(start, channels - LANES) for start in range(0, channels, LANES))


def packed(layer: Weighted, starts: tuple[int, ...]) -> NDArray[np.int8]:
    """[quads, filter height, 4, window]: the weights for each place of a window's first row."""
    height = layer.filter_height
    rows = layer.weights[..., 0].astype(np.int8)  # [channels, height, width]
    phases = [np.roll(rows, phase, 1).swapaxes(1, 2) for phase in range(height)]
    turned = np.stack(phases, 1).reshape(layer.output_channels, height, -1)
    return np.stack([turned[start : start + LANES].swapaxes(0, 1) for start in starts])


def _instructions(layer: Weighted, count: int, columns: int) -> int:
    """Those executed per inference."""
    steps = layer.filter_height * layer.stride_width
    window = 19 if steps in (3, 6) else 24
    row = 50 + count * (33 + window * layer.output_width)
    taken = layer.output_height * min(layer.stride_height, layer.filter_height)
    blocks = -(-layer.output_channels // 16)
    planes = taken * (60 + blocks * (9 + 7 * min(layer.input_width, columns)))
    fill = layer.output_channels * columns * layer.filter_height // 8
    return layer.batches * (layer.output_height * (row + 60) + planes + fill + 60)
