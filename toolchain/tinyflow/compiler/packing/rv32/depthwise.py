"""Depthwise convolutions of 3x3: tnf_depthwise.h."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tinyflow.compiler.ops.op import Constant, KernelCall
from tinyflow.compiler.packing.backend import SCRATCH_BYTES, Variant
from tinyflow.compiler.packing.rv32.halves import signed
from tinyflow.compiler.packing.rv32.rounding import Rounding, rounding
from tinyflow.compiler.packing.traces import over_input, ring_trace
from tinyflow.compiler.packing.weighted import SIZES, Weighted

SIZE = 3


def variants(layer: Weighted) -> Iterator[Variant]:
    """The layer, where it is 3x3 and has one filter per channel."""
    filters = layer.filter_height, layer.filter_width
    dilations = layer.dilation_height, layer.dilation_width
    if filters != (SIZE, SIZE) or dilations != (1, 1) or layer.depth_multiplier != 1:
        return
    if layer.stride_width > 2 or _scratch(layer, 1) > SCRATCH_BYTES:
        return
    rounded = rounding(layer)
    if rounded is None:
        return
    strip = next(
        columns
        for strips in range(1, layer.output_width + 1)
        if _scratch(layer, columns := -(-layer.output_width // strips)) <= SCRATCH_BYTES
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
            *layer.fields(*SIZES),
            ("filter_height", SIZE),
            *layer.fields("stride_height", "stride_width", "pad_top", "pad_left"),
            ("zero_point", layer.input_zero_point),
            *layer.fields("activation_min", "activation_max"),
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
    overlaps = (over_input(call, ring_trace(layer)),) if strip == layer.output_width else ()
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
