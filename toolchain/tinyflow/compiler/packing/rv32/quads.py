"""Fully connected layers, eight outputs at once: tnf_quads.h."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tinyflow.compiler.ops.op import Constant, KernelCall
from tinyflow.compiler.packing.backend import Variant
from tinyflow.compiler.packing.rv32.halves import groups, signed, word
from tinyflow.compiler.packing.rv32.rounding import rounding
from tinyflow.compiler.packing.weighted import INT8_MIN, Weighted

OUTPUTS = 8
PART = 8
MOST_TAPS = PART << 15
HALVES = ((0, 2), (1, 3), (4, 6), (5, 7))
"""Which of eight outputs share a word."""


def variants(layer: Weighted) -> Iterator[Variant]:
    """The layer, where it has at least eight outputs."""
    if layer.output_channels < OUTPUTS:
        return
    rounded = rounding(layer)
    if rounded is None:
        return
    weights: list[int] = []
    constants: list[int] = []
    work = 50.0
    last = layer.output_channels - OUTPUTS
    for first in (*range(0, last, OUTPUTS), last):
        block = layer.flat[first : first + OUTPUTS]
        start = 0
        for count in groups(block, MOST_TAPS):
            weights += _group(block[:, start : start + count])
            start += count
            work += 49 + 16 * count + 4 * ((count - 1) // PART)
        weights.append(0)
        work += 39 + OUTPUTS * (3 + rounded.instructions)
        bias = rounded.bias[first : first + OUTPUTS]
        constants += [word(bias[low], bias[high]) for low, high in HALVES]
        constants += [signed(bias[high]) for _, high in HALVES]
        for factor in rounded.factors[first : first + OUTPUTS]:
            constants += factor
        constants.append(first)
    call = KernelCall(
        "tnf_quads_fully_connected_s8",
        "tnf_quads.h",
        ("quads_fully_connected_s8",),
        "tnf_quads_fully_connected_t",
        (
            ("rows", layer.output_height),
            ("input_depth", layer.input_channels),
            ("output_depth", layer.output_channels),
            *layer.fields("activation_min", "activation_max"),
            ("exact", int(rounded.is_exact)),
        ),
        layer.call.inputs,
        layer.call.outputs,
        (
            Constant("weights", "int32_t", np.array(weights, np.int64).astype(np.int32)),
            Constant("constants", "int32_t", np.array(constants, np.int32)),
        ),
    )
    yield Variant("direct", (call,), (), round(layer.output_height * work))


def _group(block: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> list[int]:
    """The words of a group of taps, [outputs, taps], behind its head."""
    taps = block.shape[1]
    head = (taps - 1) % PART + 1
    quads = (block - INT8_MIN).reshape(2, 4, taps) << np.array([0, 8, 16, 24])[:, np.newaxis]
    return [8 * head + (((taps - head) // PART) << 16), *quads.sum(1).T.reshape(-1).tolist()]
