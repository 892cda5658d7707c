"""Depthwise convolutions of 3x3: tnf_depthwise.h."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tinyflow.compiler.memory import reach, windowed
from tinyflow.compiler.ops.op import Constant, KernelCall, Overlap
from tinyflow.compiler.packing.backend import Variant
from tinyflow.compiler.packing.requantization import search
from tinyflow.compiler.packing.weighted import Weighted

SIZE = 3
SCRATCH = 4096


def variants(layer: Weighted) -> Iterator[Variant]:
    """The layer, where it is 3x3, has one filter per channel and a short requantisation."""
    filters = layer.filter_height, layer.filter_width
    dilations = layer.dilation_height, layer.dilation_width
    if filters != (SIZE, SIZE) or dilations != (1, 1) or layer.depth_multiplier != 1:
        return
    columns = (layer.output_width - 1) * layer.stride_width + SIZE
    scratch = SIZE * (-(-columns * layer.input_channels // 4) * 4)
    if layer.stride_width > 2 or scratch > SCRATCH:
        return
    short = search(layer)
    if short is None:
        return
    bias = layer.folded + np.array(short.kappa, np.int64)
    constants = np.stack([bias, np.array(short.multiplier), np.array(short.constant)], 1)
    call = KernelCall(
        "tnf_depthwise_3x3_s8",
        "tnf_depthwise.h",
        ("depthwise_3x3_s8",),
        "tnf_depthwise_3x3_t",
        (
            ("batches", layer.batches),
            ("input_height", layer.input_height),
            ("input_width", layer.input_width),
            ("input_channels", layer.input_channels),
            ("output_height", layer.output_height),
            ("output_width", layer.output_width),
            ("filter_height", SIZE),
            ("stride_height", layer.stride_height),
            ("stride_width", layer.stride_width),
            ("pad_top", layer.pad_top),
            ("pad_left", layer.pad_left),
            ("zero_point", layer.input_zero_point),
            ("activation_min", layer.activation_min),
            ("activation_max", layer.activation_max),
            ("exponent", short.exponent),
        ),
        layer.call.inputs,
        layer.call.outputs,
        (
            Constant("weights", "int8_t", layer.flat.reshape(-1).astype(np.int8)),
            Constant("constants", "int32_t", constants.reshape(-1).astype(np.int32)),
        ),
        scratch_bytes=scratch,
        by_rows="tnf_depthwise_3x3_rows_s8",
    )
    rows = windowed(
        layer.output_height,
        layer.input_height,
        SIZE,
        layer.stride_height,
        layer.pad_top,
        input_row_bytes=layer.input_width * layer.input_channels,
        output_row_bytes=layer.output_width * layer.output_channels,
        batches=layer.batches,
    )
    overlap = Overlap(layer.call.inputs[0], layer.call.outputs[0], reach(rows), rows)
    yield Variant("direct", (call,), (overlap,), _instructions(layer))


def _instructions(layer: Weighted) -> int:
    output, before = (33, 68) if layer.stride_width == 1 else (39, 50)
    read = min(layer.stride_height, SIZE) * layer.input_width * layer.input_channels
    aligned = layer.input_channels % 4 == 0
    row = (0.8 if aligned else 2.8) * read + 120
    row += layer.input_channels * (before + output * layer.output_width)
    return round(layer.batches * layer.output_height * row)
