"""Fully connected layers: weights stay bytes, two to a half of a word."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tinyflow.compiler.memory.rows import RowTrace
from tinyflow.compiler.ops.op import Constant, KernelCall
from tinyflow.compiler.packing.backend import Variant
from tinyflow.compiler.packing.lx6.channels import channels
from tinyflow.compiler.packing.lx6.convolution import BANDS_BYTES
from tinyflow.compiler.packing.traces import over_input
from tinyflow.compiler.packing.weighted import Weighted
from tinyflow.compiler.packing.words import wrapped

MAX_SUM = 1 << 23
"""Sums are 256 times as large while they are summed up."""


def fully_connected(layer: Weighted) -> Iterator[Variant]:
    """Units, where sums have room for 8 bits more."""
    found = channels(layer, uniform=True)
    rows, depth, outputs = layer.input_height, layer.input_channels, layer.output_channels
    quads = -(-depth // 4)
    scratch = 8 * quads + 8
    if found is None or scratch > BANDS_BYTES:
        return
    if (layer.low + found.kappa).min() <= -MAX_SUM or (layer.high + found.kappa).max() >= MAX_SUM:
        return
    fours = np.pad(layer.flat, ((0, 0), (0, 4 * quads - depth))).reshape(outputs, quads, 4)
    even, odd = fours[:, :, 0::2] + 128, fours[:, :, 1::2]
    halves = even | (odd & 0xFF) << 8
    words = halves[:, :, 0] | halves[:, :, 1] << 16
    # What tnf_mac16_units_t says is too much, but for the values: 128 stands for 2 * quads values
    # that the kernel subtracts raised by 128.
    even_sum, odd_sum = even.sum((1, 2)), odd.sum((1, 2))
    bias = 256 * (layer.folded + found.kappa) - 255 * even_sum - 32768 * odd_sum
    bias += 32768 * 128 * 2 * quads
    instructions = rows * (outputs * (6 * quads + 13 + found.instructions) + 14 * quads + 150)
    call = KernelCall(
        "tnf_fully_connected_units_s8",
        "tnf_conv_mac16.h",
        ("fully_connected_units_s8",),
        "tnf_fully_connected_mac16_t",
        (
            ("rows", rows),
            ("input_depth", depth),
            ("output_depth", outputs),
            ("quads", quads),
            *layer.fields("activation_min", "activation_max"),
        ),
        layer.call.inputs,
        layer.call.outputs,
        (
            Constant("weights", "int32_t", wrapped(np.append(words.ravel(), 0))),
            Constant("channels", "int32_t", wrapped(found.words(bias))),
        ),
        scratch_bytes=scratch,
    )
    trace = RowTrace(rows, depth, outputs, range(1, rows + 1))
    yield Variant("units", (call,), (over_input(call, trace),), round(instructions))
