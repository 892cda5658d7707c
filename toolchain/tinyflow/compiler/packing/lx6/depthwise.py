"""Depthwise convolutions with filters of 3 x 3: lines of planes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tinyflow.compiler.ops.op import Constant, KernelCall
from tinyflow.compiler.packing.backend import Variant
from tinyflow.compiler.packing.lx6.channels import Channels, channels
from tinyflow.compiler.packing.lx6.convolution import ENOUGH, band_counts, bands
from tinyflow.compiler.packing.traces import band_trace, even_bands, over_input
from tinyflow.compiler.packing.weighted import SIZES, Weighted
from tinyflow.compiler.packing.words import wrapped

FILTER = 3


def depthwise(layer: Weighted) -> Iterator[Variant]:
    """Lines, along rows or columns."""
    if layer.filter_height != FILTER or layer.filter_width != FILTER:
        return
    found = channels(layer)
    if found is None:
        return
    ways = (_Lines(layer, found, upright) for upright in (False, True))
    fitting = [(way, band) for way in ways if (band := bands(layer, way.scratch, way.cost))]
    if fitting:
        best = min(way.cost(band) for way, band in fitting)
        enough = [(way, band) for way, band in fitting if way.cost(band) <= ENOUGH * best]
        way, band = min(enough, key=lambda pair: pair[0].scratch(pair[1]))
        call = way.call(band)
        lap = over_input(call, band_trace(layer, even_bands(layer, band)))
        yield Variant("lines", (call,), (lap,), round(way.cost(band)))


class _Lines:
    """tnf_depthwise_lines_s8 along rows, or `upright` along columns."""

    def __init__(self, layer: Weighted, found: Channels, upright: bool) -> None:
        self.layer, self.found, self.upright = layer, found, upright
        self.columns = (layer.output_width - 1) * layer.stride_width + FILTER

    def _plane(self, band: int) -> int:
        """Pixels of a band's input."""
        return ((band - 1) * self.layer.stride_height + FILTER) * self.columns

    def scratch(self, band: int) -> int:
        return 8 * self._plane(band) + 16

    def cost(self, band: int) -> float:
        layer = self.layer
        count, rows = band_counts(layer, band)
        width, stride = layer.output_width, layer.stride_width
        inputs = (rows - count) * layer.stride_height + count * FILTER
        inside = min(inputs, layer.batches * layer.input_height)
        across = min(self.columns, layer.input_width)
        lines, calls = rows, inside
        if self.upright:
            lines, calls = count * width, count * across
            stride = layer.stride_height
        dense = stride == 1 and not self.found.shift.any()
        pixel = 11 + (0 if dense else 3) + self.found.instructions
        whole = layer.input_channels % 4 == 0
        groups = -(-layer.input_channels // (4 if whole else 2))
        expand = calls * 65 + inside * across * (10 if whole else 9)
        channel = count * 110 + lines * 24 + rows * width * pixel
        fill = count * self._plane(band) * (10 if whole else 5)
        return layer.input_channels * channel + groups * expand + fill

    def call(self, band: int) -> KernelCall:
        layer, found = self.layer, self.found
        taps = layer.weights[:, :, :, 0]
        if self.upright:
            taps = taps.transpose(0, 2, 1)
        flat = np.pad(taps.reshape(-1, FILTER * FILTER), ((0, 0), (0, 1))) & 0xFFFF
        bias = layer.folded - 128 * layer.flat.sum(1) + found.kappa
        filters = np.concatenate([found.words(bias), flat[:, 0::2] | flat[:, 1::2] << 16], axis=1)
        params = (
            *layer.fields(*SIZES),
            ("filter_height", FILTER),
            *layer.fields("stride_height", "stride_width", "pad_top", "pad_left"),
            ("padding", layer.input_zero_point + 128),
            ("band", band),
            ("upright", int(self.upright)),
            *layer.fields("activation_min", "activation_max"),
        )
        return KernelCall(
            "tnf_depthwise_lines_s8",
            "tnf_conv_mac16.h",
            ("depthwise_lines_s8",),
            "tnf_depthwise_mac16_t",
            params,
            layer.call.inputs,
            layer.call.outputs,
            (Constant("filters", "int32_t", wrapped(filters)),),
            scratch_bytes=self.scratch(band),
            by_rows="tnf_depthwise_lines_rows_s8",
        )
