"""DEPTHWISE_CONV_2D with any filter, from int16 planes of four channels of a band of rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tinyflow.compiler.ops.op import Constant, KernelCall
from tinyflow.compiler.packing.armv7em.factors import Factors, find_factors
from tinyflow.compiler.packing.backend import SCRATCH_BYTES, Variant
from tinyflow.compiler.packing.traces import band_trace, even_bands, over_input
from tinyflow.compiler.packing.weighted import Weighted
from tinyflow.compiler.packing.words import wrapped

if TYPE_CHECKING:
    from numpy.typing import NDArray

GROUP = 4
BLOCK = 4
"""Windows of a row that are computed together."""
MOST_PAIRS = 8
"""Words of a filter's row."""
MOST_BAND = 16
"""Output rows of a band: what overlaps may come earlier by."""
EXPONENT = 1
"""Of the short requantisation: an immediate in the kernel."""


def variants(layer: Weighted) -> Iterator[Variant]:
    """The layer from planes, where its rows are narrow enough and its clamp is all of int8."""
    band = _band(layer)
    if not _fits(layer) or band < 1:
        return
    factors = find_factors(layer, (EXPONENT,))
    if factors is not None and not (factors.general and layer.clamps):
        yield _variant(layer, factors, band)


def _fits(layer: Weighted) -> bool:
    return (
        layer.kind == "depthwise"
        and layer.dilation_height == layer.dilation_width == 1
        and _pairs(layer) <= MOST_PAIRS
    )


def _pairs(layer: Weighted) -> int:
    return -(-layer.filter_width // 2)


def _plane_columns(layer: Weighted) -> int:
    """Columns under windows, and all of the input's; one more, for pixels come in pairs."""
    windows = (layer.output_width - 1) * layer.stride_width + 2 * _pairs(layer)
    return -(-(max(windows, layer.pad_left + layer.input_width) + 1) // 2) * 2


def _scratch_bytes(layer: Weighted, band: int) -> int:
    """The planes, and what the windows of the last block read behind them."""
    rows = (band - 1) * layer.stride_height + layer.filter_height
    blocks = -(-layer.output_width // BLOCK) * BLOCK
    behind = (blocks - 1) * layer.stride_width + 2 * _pairs(layer)
    columns = _plane_columns(layer)
    planes = min(GROUP, layer.input_channels)
    return 2 * (planes * rows * columns + max(0, behind - columns))


def _band(layer: Weighted) -> int:
    """As many output rows as scratch has room for; 0 where there is none for one."""
    most = min(layer.output_height, MOST_BAND)
    fitting = (rows for rows in range(most, 0, -1) if _scratch_bytes(layer, rows) <= SCRATCH_BYTES)
    return next(fitting, 0)


def _variant(layer: Weighted, factors: Factors, band: int) -> Variant:
    params = (
        *layer.fields(
            *("batches", "input_height", "input_width", "input_channels", "depth_multiplier"),
            *("output_height", "output_width", "filter_height", "stride_height", "stride_width"),
            *("dilation_height", "pad_top", "pad_left"),
        ),
        ("input_zero_point", layer.input_zero_point),
        ("general", int(factors.general)),
        ("pairs", _pairs(layer)),
        ("plane_columns", _plane_columns(layer)),
        ("band", band),
    )
    call = KernelCall(
        function="tnf_depthwise_dsp_s8",
        header="tnf_depthwise_armv7em.h",
        kernels=("depthwise_dsp_s8",),
        params_type="tnf_depthwise_dsp_t",
        params=params,
        inputs=layer.call.inputs,
        outputs=layer.call.outputs,
        constants=(Constant("constants", "int32_t", _constants(layer, factors)),),
        scratch_bytes=_scratch_bytes(layer, band),
        by_rows="tnf_depthwise_dsp_rows_s8",
    )
    lap = over_input(call, band_trace(layer, even_bands(layer, band)))
    return Variant("direct", (call,), (lap,), _instructions(layer, factors, band))


def _constants(layer: Weighted, factors: Factors) -> NDArray[np.int32]:
    """Of each channel its bias and factors, then the words of its filter."""
    channels, height, width = layer.weights.shape[:3]
    taps = np.zeros((channels, height, 2 * _pairs(layer)), np.int64)
    taps[..., :width] = layer.weights[..., 0]
    words = taps[..., ::2] & 0xFFFF | (taps[..., 1::2] & 0xFFFF) << 16
    head = np.zeros((channels, 4), np.int64)
    head[:, 0] = layer.folded + factors.kappa
    head[:, 1 : 1 + factors.words.shape[1]] = factors.words
    return wrapped(np.concatenate([head, words.reshape(channels, -1)], axis=1)).reshape(-1)


def _instructions(layer: Weighted, factors: Factors, band: int) -> int:
    """A prediction of the instructions executed."""
    height = layer.filter_height
    block = 22 + height * (7 + 9 * _pairs(layer)) + (31 if factors.general else 19)
    row = 60 + -(-layer.output_width // BLOCK) * block
    bands = -(-layer.output_height // band)
    rows = (layer.output_height - bands) * layer.stride_height + bands * height
    groups = -(-layer.input_channels // GROUP)
    fill = 90 + 9 * layer.input_width + 12 * (_plane_columns(layer) - layer.input_width)
    total = layer.output_height * layer.output_channels * row + groups * rows * fill
    return layer.batches * total
