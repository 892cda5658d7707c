"""Convolutions of 3x3 with a stride of 1 by Winograd's F(2x2, 3x3): tnf_winograd.h."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tinyflow.compiler.ops.op import Constant, KernelCall
from tinyflow.compiler.packing.backend import WINOGRAD_SCRATCH_BYTES, Variant
from tinyflow.compiler.packing.rv32.halves import signed
from tinyflow.compiler.packing.rv32.rounding import Rounding
from tinyflow.compiler.packing.traces import over_input, ring_trace
from tinyflow.compiler.packing.weighted import SIZES, Weighted

SIZE = 3
OUTPUTS, TILES, PLACES, ROWS = 8, 2, 16, 4
FILTERS = np.array([[2, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 2]], np.int64)
"""Twice the transformation of filters, so that it has no fractions."""


def variants(layer: Weighted, rounded: Rounding) -> Iterator[Variant]:
    """The layer, which has neither groups nor dilation, where its shape is a fit."""
    filters = layer.filter_height, layer.filter_width
    strides = layer.stride_height, layer.stride_width
    if filters != (SIZE, SIZE) or strides != (1, 1):
        return
    if layer.output_channels < OUTPUTS or layer.output_width < SIZE or not _is_safe(layer):
        return
    scratch = _scratch(layer)
    factors = _factors(rounded)
    if scratch > WINOGRAD_SCRATCH_BYTES or factors is None:
        return
    padded = _padded(layer)
    transformed = np.einsum("ia,nabc,jb->nijc", FILTERS, layer.weights, FILTERS)
    places = transformed.reshape(layer.output_channels, PLACES, layer.filter_channels)
    weights: list[np.ndarray[tuple[int, ...], np.dtype[np.int64]]] = []
    constants: list[int] = []
    last = layer.output_channels - OUTPUTS
    for first in (*range(0, last, OUTPUTS), last):
        block = np.zeros((PLACES, padded, OUTPUTS), np.int64)
        block[:, : layer.filter_channels] = places[first : first + OUTPUTS].transpose(1, 2, 0)
        weights.append(block.reshape(-1))
        constants += [signed(4 * bias) for bias in rounded.bias[first : first + OUTPUTS]]
        for factor in factors[first : first + OUTPUTS]:
            constants += factor
        constants.append(first)
    call = KernelCall(
        "tnf_winograd_conv_2d_s8",
        "tnf_winograd.h",
        ("winograd_conv_2d_s8",),
        "tnf_winograd_conv_2d_t",
        (
            *layer.fields(*SIZES, "output_channels"),
            ("filter_height", SIZE),
            ("stride_height", 1),
            *layer.fields("pad_top", "pad_left"),
            ("zero_point", layer.input_zero_point),
            *layer.fields("activation_min", "activation_max"),
            ("exact", int(rounded.is_exact)),
        ),
        layer.call.inputs,
        layer.call.outputs,
        (
            Constant("weights", "int16_t", np.concatenate(weights).astype(np.int16)),
            Constant("constants", "int32_t", np.array(constants, np.int32)),
        ),
        scratch_bytes=scratch,
        by_rows="tnf_winograd_conv_2d_rows_s8",
    )
    lap = over_input(call, ring_trace(layer))
    yield Variant("winograd", (call,), (lap,), _instructions(layer, rounded))


def _is_safe(layer: Weighted) -> bool:
    """Whether four times a sum, and all that leads to it, has 32 bits."""
    widest = max(-int(layer.low.min()), int(layer.high.max())) + (1 << 18)
    products = np.abs(layer.weights).sum((1, 2, 3)).max() * 4 * 4 * 128
    return 4 * widest < 1 << 31 and int(products) < 1 << 31


def _factors(rounded: Rounding) -> tuple[tuple[int, int, int], ...] | None:
    """The factors of four times the sum; None where they would not fit."""
    if rounded.is_exact:  # it takes the sum itself
        return rounded.factors
    if any(not -(1 << 29) <= addend < 1 << 29 for _, addend, _ in rounded.factors):
        return None
    return tuple((m, 4 * addend, exponent + 2) for m, addend, exponent in rounded.factors)


def _padded(layer: Weighted) -> int:
    return -(-layer.input_channels // 4) * 4


def _scratch(layer: Weighted) -> int:
    row = (-(-layer.output_width // 2) * 2 + 2) * layer.input_channels
    sums = 4 * PLACES * OUTPUTS * TILES
    return sums + 2 * PLACES * TILES * _padded(layer) + ROWS * (-(-row // 4) * 4)


def _instructions(layer: Weighted, rounded: Rounding) -> int:
    pairs = -(-layer.output_width // 4)
    blocks = -(-layer.output_channels // OUTPUTS)
    one = rounded.instructions + 1
    multiply = PLACES * (10 + 43 * _padded(layer)) + 60
    outputs = OUTPUTS * (TILES * (48 + 4 * one) + 12)
    pair = 60 + 165 * layer.input_channels + blocks * (multiply + outputs)
    row = 3.0 * layer.input_width * layer.input_channels + 200
    return round(layer.batches * -(-layer.output_height // 2) * (row + pairs * pair))
