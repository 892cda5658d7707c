"""FULLY_CONNECTED: eight outputs at a time, weights and what follows in one stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tinyflow.compiler.ops.op import Constant, KernelCall
from tinyflow.compiler.packing.backend import Variant
from tinyflow.compiler.packing.mve.convolution import SLICE
from tinyflow.compiler.packing.mve.scales import LANES, Scales
from tinyflow.compiler.packing.weighted import Weighted

if TYPE_CHECKING:
    from numpy.typing import NDArray

OUTPUTS = 8
"""Outputs that are computed at once."""


def variants(layer: Weighted, scaled: Scales) -> Iterator[Variant]:
    """Rows of values times packed weights."""
    call = KernelCall(
        function="tnf_dense_mve_s8",
        header="tnf_dense_mve.h",
        kernels=("dense_mve_s8",),
        params_type="tnf_dense_mve_t",
        params=(
            ("rows", layer.input_height),
            ("input_depth", layer.input_channels),
            ("output_depth", layer.output_channels),
            *scaled.fields,
        ),
        inputs=layer.call.inputs,
        outputs=layer.call.outputs,
        constants=(Constant("weights", "int32_t", packed(layer.flat, scaled)),),
    )
    yield Variant("stream", (call,), (), _instructions(layer))


def packed(weights: NDArray[np.int64], scaled: Scales) -> NDArray[np.int32]:
    """Weights [outputs, values] as tnf_dense_mve.h has them.

    The last slice is first. It ends with the last value, so it has zeros for those that are in the
    slice before as well.
    """
    outputs, values = weights.shape
    eights, slices = -(-outputs // OUTPUTS), -(-values // SLICE)
    padded = np.zeros((eights * OUTPUTS, slices * SLICE), np.int8)
    padded[:outputs, :values] = weights
    if values > SLICE:
        last = padded[:, -SLICE:]
        padded[:, -SLICE:] = np.roll(last, slices * SLICE - values, 1)
    padded = np.roll(padded, SLICE, 1)
    lanes = padded.reshape(eights, OUTPUTS, slices, SLICE).swapaxes(1, 2)
    words = np.ascontiguousarray(lanes).view("<i4").reshape(eights, -1)
    quads = np.zeros((eights * OUTPUTS // LANES, 3, LANES), np.int32)
    quads[: -(-outputs // LANES)] = scaled.quads()
    return np.concatenate((words, quads.reshape(eights, -1)), 1).astype(np.int32)


def _instructions(layer: Weighted) -> int:
    """Those executed per inference."""
    slices = -(-layer.input_channels // SLICE)
    eight = 18 * slices + 2 * -(-(slices - 1) // 8) + 45
    return layer.input_height * (-(-layer.output_channels // OUTPUTS) * eight + 90)
