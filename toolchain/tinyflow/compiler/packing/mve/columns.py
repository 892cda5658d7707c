"""CONV_2D by columns: neighbouring windows of filters three wide share what is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tinyflow.compiler.packing.backend import SCRATCH_BYTES, Variant
from tinyflow.compiler.packing.mve.convolution import (
    PIXELS,
    SLICE,
    kernel_call,
)
from tinyflow.compiler.packing.mve.scales import LANES, Scales
from tinyflow.compiler.packing.traces import over_input, ring_trace
from tinyflow.compiler.packing.weighted import Weighted

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLUMNS = 3


def variants(layer: Weighted, scaled: Scales) -> Iterator[Variant]:
    """Filters three wide that move by one."""
    slices = -(-layer.input_channels // SLICE)
    scratch_bytes = layer.filter_height * slices * (layer.output_width + 2) * SLICE
    if (
        layer.filter_width != COLUMNS
        or layer.stride_width != 1
        or layer.output_width < PIXELS
        or layer.filter_height * slices < 2
        or scratch_bytes > SCRATCH_BYTES
    ):
        return
    call = kernel_call(
        "conv_3_columns_mve",
        layer,
        scaled,
        packed(layer.weights, scaled),
        slices=slices,
        block=PIXELS,
        scratch_bytes=scratch_bytes,
    )
    yield Variant(
        "columns",
        (call,),
        (over_input(call, ring_trace(layer)),),
        _instructions(layer, scaled, slices),
    )


def packed(weights: NDArray[np.int64], scaled: Scales) -> NDArray[np.int32]:
    """Weights [channels, height, 3, values] as tnf_columns_mve.h has them."""
    channels, height, _, values = weights.shape
    quads, slices = -(-channels // LANES), -(-values // SLICE)
    padded = np.zeros((quads * LANES, height, COLUMNS, slices * SLICE), np.int8)
    padded[:channels, ..., :values] = weights
    # Lane 2a + b of a quad is channel b of pair a.
    lanes = padded.reshape(quads, 2, 2, height, COLUMNS, slices, SLICE)
    words = np.ascontiguousarray(lanes.transpose(0, 1, 3, 5, 4, 2, 6)).view("<i4")
    both = words.reshape(quads, -1), scaled.quads().reshape(quads, -1)
    return np.concatenate(both, 1).astype(np.int32)


def _instructions(layer: Weighted, scaled: Scales, slices: int) -> int:
    """Those executed per inference."""
    quads = -(-layer.output_channels // LANES)
    quad = 62 * layer.filter_height * slices + 42 + (20 if scaled.exact else 0)
    triples = -(-layer.output_width // PIXELS)
    taken = min(layer.stride_height, layer.filter_height) * slices * (6 * layer.input_width + 35)
    kept = max(layer.filter_height - layer.stride_height, 0) * slices * (layer.output_width + 2) * 3
    row = triples * (quads * quad + 32) + taken + kept + 150
    return layer.batches * (layer.output_height * row + 200)
