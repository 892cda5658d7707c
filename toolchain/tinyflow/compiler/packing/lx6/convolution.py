"""Convolutions: pixels laid out one behind the other, or windows over expanded rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from tinyflow.compiler.ops.op import Constant, KernelCall
from tinyflow.compiler.packing.backend import Variant
from tinyflow.compiler.packing.lx6.channels import Channels, channels
from tinyflow.compiler.packing.traces import over_input, row_trace
from tinyflow.compiler.packing.weighted import SIZES, Weighted
from tinyflow.compiler.packing.words import wrapped

BANDS_BYTES = 32768
"""The most scratch memory that bands of expanded rows take."""
ENOUGH = 1.02
"""A band is the smallest that takes at most so many times the instructions of the best one."""
MAX_SEGMENTS = 64


def convolutions(layer: Weighted) -> Iterator[Variant]:
    """Pixels, and windows where they are."""
    found = channels(layer)
    if found is None or layer.weights.min() < -127 or not _sums_fit(layer):
        return
    yield from _variant(layer, found, _Pixels(layer, found))
    windows = layer.filter_height * layer.filter_width > 1
    if windows and layer.input_channels % 4 == 0 and layer.filter_height <= MAX_SEGMENTS:
        yield from _variant(layer, found, _Windows(layer, found))


def _sums_fit(layer: Weighted) -> bool:
    """Sums, and all on the way to them, in 32 bits; values are 0 to 255 there."""
    reached = np.abs(layer.folded) + 512 * np.abs(layer.flat).sum(1)
    return bool(reached.max() < 1 << 30)


def bands(layer: Weighted, scratch: Callable[[int], int], cost: Callable[[int], float]) -> int:
    """How many rows of the output at a time; 0 where not one fits into the scratch memory."""
    tried = {}
    for count in range(1, layer.output_height + 1):
        rows = -(-layer.output_height // count)
        if scratch(rows) <= BANDS_BYTES:
            tried[rows] = cost(rows)
    best = min(tried.values(), default=0.0)
    return min((rows for rows, found in tried.items() if found <= ENOUGH * best), default=0)


def band_counts(layer: Weighted, band: int) -> tuple[int, int]:
    """How many bands an inference has, and how many rows all of them have."""
    count = -(-layer.output_height // band)
    return layer.batches * count, layer.batches * layer.output_height


class _Pixels:
    """tnf_conv_2d_pixels_s8."""

    name, function = "pixels", "conv_2d_pixels"

    def __init__(self, layer: Weighted, found: Channels) -> None:
        self.layer, self.found = layer, found
        single = layer.filter_height == layer.filter_width == 1
        unpadded = layer.pad_top == layer.pad_left == 0
        self.crossed = single and unpadded and layer.input_channels % 4 == 0
        self.quads = -(-int(layer.flat.shape[1]) // 4)
        flat = np.pad(layer.flat, ((0, 0), (0, 4 * self.quads - layer.flat.shape[1])))
        self.weights = packed(flat if self.crossed else crossed(flat))

    def scratch(self, band: int) -> int:
        return 8 * self.quads * (1 + band * self.layer.output_width) + 8

    def cost(self, band: int) -> float:
        layer, quads = self.layer, self.quads
        count, rows = band_counts(layer, band)
        outputs = layer.output_channels
        small = quads <= 4 and not self.found.shift.any()
        own = 3 if small else 6 if quads <= 16 else 8
        pixel = 4 * quads + own + self.found.instructions
        channel = 95 + 9 * quads
        if not self.crossed:
            windows = layer.filter_height * (layer.filter_width * layer.input_channels * 3 + 5)
            lay_out = layer.output_width * (windows + 8) + 150 * layer.filter_height
        elif layer.stride_width == 1:
            lay_out = 60 + 8 * layer.output_width * quads
        else:
            lay_out = 60 + layer.output_width * (8 * quads + 40)
        return (
            outputs * (count * channel + rows * layer.output_width * pixel)
            + rows * lay_out
            + 100 * count
        )

    def trace(self, band: int) -> tuple[int, ...]:
        """Rows that a later band needs stay in the input."""
        layer = self.layer
        ends = _band_ends(layer, band)
        return tuple(
            layer.input_height
            if end == layer.output_height
            else end * layer.stride_height - layer.pad_top
            for end in ends
        )


class _Windows:
    """tnf_conv_2d_windows_s8."""

    name, function = "windows", "conv_2d_windows"
    crossed = True

    def __init__(self, layer: Weighted, found: Channels) -> None:
        self.layer, self.found = layer, found
        self.quads = layer.filter_width * layer.input_channels // 4
        self.weights = packed(layer.flat)
        self.columns = (layer.output_width - 1) * layer.stride_width + layer.filter_width

    def _rows(self, band: int) -> int:
        return (band - 1) * self.layer.stride_height + self.layer.filter_height

    def scratch(self, band: int) -> int:
        layer = self.layer
        weights = 8 * self.quads * layer.filter_height
        values = self._rows(band) * self.columns + layer.stride_width
        return weights + 2 * layer.input_channels * values + 8

    def cost(self, band: int) -> float:
        layer = self.layer
        count, rows = band_counts(layer, band)
        height = layer.filter_height
        quads = height * self.quads
        own = 12 if height == 3 else 9 + 4 * height
        row = 12 + layer.output_width * (4 * quads + own + self.found.instructions)
        channel = 120 + 3 * height + 9 * quads
        expanded = (rows - count) * layer.stride_height + count * height
        kept = max(0, height - layer.stride_height) * (count - layer.batches)
        expanded -= kept
        return (
            layer.output_channels * (count * channel + rows * row)
            + expanded * (90 + self.columns * layer.input_channels * 2)
            + kept * self.columns * layer.input_channels * 3
            + 100 * count
        )

    def trace(self, band: int) -> tuple[int, ...]:
        """Rows that two bands need are kept in scratch."""
        layer = self.layer
        below = layer.filter_height - layer.pad_top
        return tuple(
            layer.input_height
            if end == layer.output_height
            else (end - 1) * layer.stride_height + below
            for end in _band_ends(layer, band)
        )


def _band_ends(layer: Weighted, band: int) -> list[int]:
    """For each output row the end of its band."""
    height = layer.output_height
    return [min(height, (row // band + 1) * band) for row in range(height)]


def _variant(layer: Weighted, found: Channels, way: _Pixels | _Windows) -> Iterator[Variant]:
    band = bands(layer, way.scratch, way.cost)
    if band == 0:
        return
    bias = layer.folded - 128 * layer.flat.sum(1) + found.kappa
    params = (
        *layer.fields(
            *SIZES,
            *("output_channels", "filter_height", "filter_width", "stride_height"),
            *("stride_width", "pad_top", "pad_left"),
        ),
        ("padding", layer.input_zero_point + 128),
        ("band", band),
        ("quads", way.quads),
        ("crossed", int(way.crossed)),
        *layer.fields("activation_min", "activation_max"),
    )
    call = KernelCall(
        f"tnf_{way.function}_s8",
        "tnf_conv_mac16.h",
        (f"{way.function}_s8",),
        "tnf_conv_2d_mac16_t",
        params,
        layer.call.inputs,
        layer.call.outputs,
        (
            Constant("weights", "int32_t", way.weights),
            Constant("channels", "int32_t", wrapped(found.words(bias))),
        ),
        scratch_bytes=way.scratch(band),
        by_rows=f"tnf_{way.function}_rows_s8",
    )
    lap = over_input(call, row_trace(layer, way.trace(band)))
    yield Variant(way.name, (call,), (lap,), round(way.cost(band)))


def crossed(flat: NDArray[np.int64]) -> NDArray[np.int64]:
    """The second and third of every four weights change places: for values that are straight."""
    return flat.reshape(flat.shape[0], -1, 4)[:, :, (0, 2, 1, 3)].reshape(flat.shape)


def packed(flat: NDArray[np.int64]) -> NDArray[np.int32]:
    """[output channels, quads] words of four weights, see tnf_mac16_unpack."""
    fours = flat.reshape(flat.shape[0], -1, 4)
    raised = fours + 127
    raised[:, :, 2:] += fours[:, :, :2] < 0
    places = np.left_shift(np.int64(1), 8 * np.arange(4, dtype=np.int64))
    return wrapped((raised * places).sum(2))
