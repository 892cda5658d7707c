"""Depthwise convolutions of 3x3: tnf_depthwise.h."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tinyflow.compiler.memory import reach, windowed
from tinyflow.compiler.ops.op import Constant, KernelCall, Overlap
from tinyflow.compiler.packing.backend import Variant
from tinyflow.compiler.packing.rv32.halves import signed
from tinyflow.compiler.packing.rv32.rounding import Rounding, rounding
from tinyflow.compiler.packing.weighted import Weighted

SIZE = 3
SCRATCH = 4096


def variants(layer: Weighted) -> Iterator[Variant]:
    """The layer, where it is 3x3 and has one filter per channel."""
    filters = layer.filter_height, layer.filter_width
    dilations = layer.dilation_height, layer.dilation_width
    if filters != (SIZE, SIZE) or dilations != (1, 1) or layer.depth_multiplier != 1:
        return
    if layer.stride_width > 2 or _scratch(layer, 1) > SCRATCH:
        return
    rounded = rounding(layer)
    if rounded is None:
        return
    strip = next(
        columns
        for strips in range(1, layer.output_width + 1)
        if _scratch(layer, columns := -(-layer.output_width // strips)) <= SCRATCH
    )
    constants: list[int] = []
    for bias, factor in zip(rounded.bias, rounded.factors, strict=True):
        constants += [signed(bias), *factor]
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
            ("strip_columns", strip),
        ),
        layer.call.inputs,
        layer.call.outputs,
        (
            Constant("weights", "int8_t", layer.flat.reshape(-1).astype(np.int8)),
            Constant("constants", "int32_t", np.array(constants, np.int32)),
        ),
        scratch_bytes=_scratch(layer, strip),
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
    overlaps = (overlap,) if strip == layer.output_width else ()
    yield Variant("direct", (call,), overlaps, _instructions(layer, rounded))


def _scratch(layer: Weighted, columns: int) -> int:
    """Of so many output columns."""
    taken = (columns - 1) * layer.stride_width + SIZE
    return SIZE * (-(-taken * layer.input_channels // 4) * 4)


def _instructions(layer: Weighted, rounded: Rounding) -> int:
    output, before = (27, 69) if layer.stride_width == 1 else (33, 51)
    read = min(layer.stride_height, SIZE) * layer.input_width * layer.input_channels
    aligned = layer.input_channels % 4 == 0
    row = (0.8 if aligned else 2.8) * read + 120
    row += layer.input_channels * (before + (output + rounded.instructions) * layer.output_width)
    return round(layer.batches * layer.output_height * row)
