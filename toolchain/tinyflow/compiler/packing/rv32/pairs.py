"""Convolutions two pixels to a word and two channels at once: tnf_pairs.h."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tinyflow.compiler.memory import RowTrace
from tinyflow.compiler.ops.op import Constant, KernelCall
from tinyflow.compiler.packing.backend import SCRATCH_BYTES, Variant
from tinyflow.compiler.packing.rv32.halves import groups, signed, word
from tinyflow.compiler.packing.rv32.rounding import Rounding
from tinyflow.compiler.packing.traces import over_input, ring_trace
from tinyflow.compiler.packing.weighted import SIZES, Weighted

HEADER, PARAMS = "tnf_pairs.h", "tnf_pairs_conv_2d_t"
MOST_TAPS = 16
MOST_RUNS = 16
BLOCK_PIXELS = 6


def variants(layer: Weighted, rounded: Rounding) -> Iterator[Variant]:
    """The layer, which has neither groups nor dilation, by pairs of pixels."""
    if layer.output_channels < 2:
        return
    if _is_pointwise(layer) and 12 * layer.input_channels <= SCRATCH_BYTES:
        yield _pointwise(layer, rounded)
        return
    ways = [
        way
        for gathered in (False, True)
        for strips in range(1, _words(layer) + 1)
        if (way := _Way.of(layer, gathered, strips)) is not None
    ]
    if ways:
        yield min((_convolution(layer, rounded, way) for way in ways), key=_instructions)


def _instructions(variant: Variant) -> int:
    return variant.instructions


def _is_pointwise(layer: Weighted) -> bool:
    filters = layer.filter_height, layer.filter_width
    strides = layer.stride_height, layer.stride_width
    same = layer.input_height, layer.input_width
    return filters == strides == (1, 1) and same == (layer.output_height, layer.output_width)


def _words(layer: Weighted) -> int:
    return (layer.output_width + 1) // 2


@dataclass(frozen=True)
class Packed:
    """Weights as the inner loop reads them, constants, and the groups of each pair of channels."""

    weights: tuple[int, ...]
    constants: tuple[int, ...]
    groups: int
    runs: int
    taps: int
    pairs: int

    def instructions(self, words: int, rounded: Rounding) -> float:
        """Of one block over all pairs of channels."""
        group = 28 if words == 3 else 21
        pair = 38 + 10 * words + 4 * words * rounded.instructions
        taps = (5 * words + 2) * self.taps
        return 60 + self.pairs * (pair + 12 * self.runs + taps) + group * self.groups


def pack(layer: Weighted, rounded: Rounding, runs: int) -> Packed:
    """`runs` are the parts of a window whose taps lie behind one another."""
    taps = layer.flat.shape[1] // runs
    weights: list[int] = []
    constants: list[int] = []
    cut = 0
    firsts = [*range(0, layer.output_channels - 1, 2)]
    if layer.output_channels % 2:
        firsts.append(layer.output_channels - 2)
    for first in firsts:
        both = layer.flat[first : first + 2]
        for start in range(0, both.shape[1], taps):
            run = both[:, start : start + taps]
            place = 0
            for count in groups(run, MOST_TAPS):
                weights += [4 * count, 2 * count + 2]
                weights += run[:, place : place + count].T.reshape(-1).tolist()
                place += count
                cut += 1
            weights.append(0)
        for channel in (first, first + 1):
            bias = rounded.bias[channel]
            constants += [signed(bias), word(bias, bias)]
        for channel in (first, first + 1):
            constants += rounded.factors[channel]
        constants.append(first)
    return Packed(tuple(weights), tuple(constants), cut, runs, layer.flat.shape[1], len(firsts))


def _call(
    layer: Weighted, rounded: Rounding, packed: Packed, name: str, scratch: int, way: _Way | None
) -> KernelCall:
    strip, gathered = (way.strip_words, way.gathered) if way else (0, False)
    params = (
        *layer.fields(
            *SIZES,
            *("output_channels", "filter_height", "filter_width", "stride_height"),
            *("stride_width", "pad_top", "pad_left"),
        ),
        ("zero_point", layer.input_zero_point),
        *layer.fields("activation_min", "activation_max"),
        ("exact", int(rounded.is_exact)),
        ("strip_words", strip),
        ("gathered", int(gathered)),
    )
    return KernelCall(
        f"tnf_{name}_s8",
        HEADER,
        (f"{name}_s8",),
        PARAMS,
        params,
        layer.call.inputs,
        layer.call.outputs,
        (
            Constant("weights", "int8_t", np.array(packed.weights, np.int8)),
            Constant("constants", "int32_t", np.array(packed.constants, np.int32)),
        ),
        scratch_bytes=scratch,
        by_rows=f"tnf_{name}_rows_s8",
    )


def _pointwise(layer: Weighted, rounded: Rounding) -> Variant:
    packed = pack(layer, rounded, 1)
    pixels = layer.batches * layer.output_height * layer.output_width
    consumed: list[int] = []
    work = 0.0
    while len(consumed) < pixels:
        left = pixels - len(consumed)
        taken = 4 if left == 7 else min(left, BLOCK_PIXELS)
        words = 3 if taken > 4 else 2
        consumed += [len(consumed) + taken] * taken
        work += packed.instructions(words, rounded) + 20 + words * (25 + 6 * layer.input_channels)
    rows = RowTrace(pixels, layer.input_channels, layer.output_channels, tuple(consumed))
    scratch = 12 * layer.input_channels
    call = _call(layer, rounded, packed, "pairs_pointwise", scratch, None)
    return Variant("direct", (call,), (over_input(call, rows),), round(work))


@dataclass(frozen=True)
class _Way:
    """How a row is cut, and whether a block's taps are brought together."""

    strip_words: int
    gathered: bool
    scratch: int

    @staticmethod
    def of(layer: Weighted, gathered: bool, strips: int) -> _Way | None:
        """Such a way; None where it needs too much scratch or is none."""
        words = _words(layer)
        strip = -(-words // strips)
        if -(-words // strip) != strips or (layer.filter_height > MOST_RUNS and not gathered):
            return None
        columns = (strip - 1) * layer.stride_width + layer.filter_width
        bytes_ = 4 * layer.filter_height * columns * layer.input_channels + layer.input_channels
        bytes_ += 12 * layer.flat.shape[1] if gathered else 0
        return _Way(strip, gathered, bytes_) if bytes_ <= SCRATCH_BYTES else None


def _convolution(layer: Weighted, rounded: Rounding, way: _Way) -> Variant:
    packed = pack(layer, rounded, 1 if way.gathered else layer.filter_height)
    work = 0.0
    words = _words(layer)
    for first in range(0, words, way.strip_words):
        count = min(way.strip_words, words - first)
        columns = (count - 1) * layer.stride_width + layer.filter_width
        rows = min(layer.stride_height, layer.filter_height) * layer.output_height
        work += rows * (60 + 20 * layer.filter_width + 6 * columns * layer.input_channels)
        row = 80.0
        while count > 0:
            block = 3 if count == 3 or count > 4 else 2
            row += packed.instructions(block, rounded) + 20
            row += block * (3 * packed.taps + 20 * layer.filter_height) if way.gathered else 0
            row += 0 if way.gathered else 10 * layer.filter_height
            count -= block
        work += layer.output_height * row
    call = _call(layer, rounded, packed, "pairs_conv_2d", way.scratch, way)
    overlaps = (over_input(call, ring_trace(layer)),) if way.strip_words >= words else ()
    return Variant("direct", (call,), overlaps, round(layer.batches * work))
