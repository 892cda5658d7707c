"""Convolutions and fully connected layers as groups of four channels in one stream of weights.

A word of weights holds two channels and two values: each half is 256 * odd + even. That is exact
where 256 * odd + even fits 16 bits; and the odd channel's sum, which the kernel has times 256, must
have 24 bits.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tinyflow.compiler.memory.rows import RowTrace
from tinyflow.compiler.ops.op import Constant, KernelCall
from tinyflow.compiler.packing.armv7em.factors import Factors, find_factors
from tinyflow.compiler.packing.backend import Variant
from tinyflow.compiler.packing.traces import band_trace, block_trace, even_bands, over_input
from tinyflow.compiler.packing.weighted import SIZES, Weighted
from tinyflow.compiler.packing.words import wrapped

if TYPE_CHECKING:
    from numpy.typing import NDArray

GROUP = 4
DIRECT, ROW, PIXELS = "direct", "row", "pixels"
"""As its kind of layer; a convolution as fully connected; a fully connected layer as pixels."""
MOST_SCRATCH_BYTES = 10240
"""More than other kernels, for windows of many values: their plain kernel is far slower."""
MOST_PAIRS, PAIRS_BYTES = 16, 1024
"""Pairs of windows that are worth their scratch."""
CONV_STEPS, FULLY_CONNECTED_STEPS = 16, 4
"""Steps that the bodies of the kernels' loops have."""
CONV_EXPONENT = 3
NOTHING = -1
"""In the order of values: a place that no value has."""


def variants(layer: Weighted) -> Iterator[Variant]:
    """The ways of this backend to compute a layer that is not depthwise."""
    if layer.groups != 1:
        return
    found: list[Variant | None] = []
    if layer.kind == "conv":
        found.append(_conv(layer, DIRECT))
        if _is_one_row(layer):
            found.append(_fully_connected(layer, ROW))
    elif layer.kind == "fully_connected":
        if layer.input_height == 1:
            found.append(_fully_connected(layer, DIRECT))
        found.append(_conv(_row_of_pixels(layer), PIXELS))
    yield from (variant for variant in found if variant is not None)


def _is_one_row(layer: Weighted) -> bool:
    """Whether a convolution has one pixel of output, whose window is the whole input."""
    sizes = (layer.filter_height, layer.filter_width)
    return (
        layer.batches == layer.output_height == layer.output_width == 1
        and (layer.input_height, layer.input_width) == sizes
        and layer.pad_top == layer.pad_left == 0
    )


def _row_of_pixels(layer: Weighted) -> Weighted:
    """A fully connected layer as a convolution: where the model has some, it needs no kernel of its
    own.
    """
    return dataclasses.replace(
        layer,
        input_height=1,
        input_width=layer.input_height,
        output_height=1,
        output_width=layer.output_height,
    )


def _conv(layer: Weighted, name: str) -> Variant | None:
    run = layer.filter_width * layer.input_channels
    order = _window_order(run, layer.filter_height)
    steps = len(order)
    pairs = _pairs(layer, steps)
    scratch = pairs * 8 * steps + (0 if _lies_there(layer) else 8 * -(-layer.flat.shape[1] // 4))
    factors = find_factors(layer, (CONV_EXPONENT,))
    if factors is None or scratch > MOST_SCRATCH_BYTES:
        return None
    groups = _groups(layer.output_channels)
    weights = _packed(layer, groups, order)
    if weights is None:
        return None
    scales = [factors.of(group) for group in groups]
    biases = [_biases(layer, factors, group) for group in groups]
    stream = np.concatenate(
        [part for parts in zip(biases, weights, scales, strict=True) for part in parts]
    )
    call = KernelCall(
        function="tnf_conv_2d_dsp_s8",
        header="tnf_conv_armv7em.h",
        kernels=("conv_2d_dsp_s8",),
        params_type="tnf_conv_2d_dsp_t",
        params=(
            *layer.fields(
                *SIZES,
                *("output_channels", "filter_height", "filter_width", "stride_height"),
                *("stride_width", "dilation_height", "dilation_width", "pad_top", "pad_left"),
            ),
            ("input_zero_point", layer.input_zero_point),
            *layer.fields("activation_min", "activation_max"),
            ("general", int(factors.general)),
            ("pairs", pairs),
        ),
        inputs=layer.call.inputs,
        outputs=layer.call.outputs,
        constants=(Constant("stream", "int32_t", wrapped(stream)),),
        scratch_bytes=scratch,
        by_rows="tnf_conv_2d_dsp_rows_s8" if layer.kind == "conv" else "",
    )
    trace = _conv_rows(layer)
    return Variant(
        name,
        (call,),
        (over_input(call, trace),),
        _conv_instructions(layer, steps, len(groups), pairs, general=factors.general),
    )


def _pairs(layer: Weighted, steps: int) -> int:
    """How many pairs of windows are expanded before they are computed together."""
    pixels = layer.output_height * layer.output_width
    if layer.output_channels < GROUP:
        return 1
    return max(1, min(MOST_PAIRS, PAIRS_BYTES // (8 * steps), pixels // 2))


def _lies_there(layer: Weighted) -> bool:
    """Whether no window is ever copied as bytes: each is one pixel of the input."""
    below = (layer.output_height - 1) * layer.stride_height - layer.pad_top
    right = (layer.output_width - 1) * layer.stride_width - layer.pad_left
    return (
        layer.filter_height == layer.filter_width == 1
        and layer.pad_top == layer.pad_left == 0
        and below < layer.input_height
        and right < layer.input_width
    )


def _conv_rows(layer: Weighted) -> RowTrace:
    """Pairs of pixels are copied before they are written; windows under later rows stay."""
    if _lies_there(layer) and layer.stride_height == layer.stride_width == 1:
        return block_trace(layer, 2)
    return band_trace(layer, even_bands(layer, 1))


def _conv_instructions(
    layer: Weighted, steps: int, groups: int, pairs: int, *, general: bool
) -> int:
    """About as many as are executed."""
    pixels = layer.output_height * layer.output_width
    depth = layer.flat.shape[1]
    windows_in_one_call = layer.filter_height == 1 and layer.filter_width == 1
    passes = -(-(steps - 1) // CONV_STEPS)
    group = 44 + 12 * steps + 3 * passes + (26 if general else 0)
    calls = 1 if layer.output_channels % GROUP == 0 else 2
    pair = 14 * calls + groups * group + 2 * depth
    pair += 10 if windows_in_one_call else 15 * layer.filter_height + 25
    strip = 150 + 60 * (calls - 1)
    copied = pixels - _inside(layer)
    copy = 150 + 30 * layer.filter_height + 2 * depth
    total = (pixels + 1) // 2 * (pair + strip // pairs) + copied * copy + 300
    return int(layer.batches * total)


def _inside(layer: Weighted) -> int:
    """Pixels whose window hangs over no side."""
    counts = []
    for extent, size, stride, before, outputs in (
        (layer.input_height, layer.filter_height, layer.stride_height, layer.pad_top,
         layer.output_height),
        (layer.input_width, layer.filter_width, layer.stride_width, layer.pad_left,
         layer.output_width),
    ):  # fmt: skip
        starts = np.arange(outputs) * stride - before
        counts.append(int(np.sum((starts >= 0) & (starts + size <= extent))))
    return counts[0] * counts[1]


def _fully_connected(layer: Weighted, name: str) -> Variant | None:
    depth = layer.flat.shape[1]
    half = (depth + 1) // 2 if depth < 8 else -(-depth // 8) * 4
    first = _window_order(half)
    # Values that both halves have count in the first.
    shift = depth - half
    second = [[NOTHING if i < half - shift else i + shift for i in pair] for pair in first]
    order = [pair for pairs in zip(first, second, strict=True) for pair in pairs]
    order += [[NOTHING, NOTHING]] * (-len(order) % 4)
    factors = find_factors(layer)
    scratch = 4 * len(order)
    if factors is None or scratch > MOST_SCRATCH_BYTES:
        return None
    groups = _groups(layer.output_channels)
    weights = _packed(layer, groups, order)
    if weights is None:
        return None
    biases = [_biases(layer, factors, group) for group in groups]
    stream = np.concatenate([part for parts in zip(biases, weights, strict=True) for part in parts])
    scales = [factors.of(group) for group in groups]
    same = all(np.array_equal(scale, scales[0]) for scale in scales)
    call = KernelCall(
        function="tnf_fully_connected_dsp_s8",
        header="tnf_conv_armv7em.h",
        kernels=("fully_connected_dsp_s8",),
        params_type="tnf_fully_connected_dsp_t",
        params=(
            ("rows", 1),
            ("input_depth", depth),
            ("output_depth", layer.output_channels),
            *layer.fields("activation_min", "activation_max"),
            ("general", int(factors.general)),
            ("exponent", factors.exponent),
            ("scale_bytes", 0 if same else scales[0].size * 4),
        ),
        inputs=layer.call.inputs,
        outputs=layer.call.outputs,
        constants=(
            Constant("stream", "int32_t", wrapped(stream)),
            Constant("scales", "int32_t", wrapped(np.concatenate(scales[: 1 if same else None]))),
        ),
        scratch_bytes=scratch,
    )
    trace = RowTrace(1, depth, layer.output_channels, (1,))
    steps = len(order) // 4
    group = 37 + 27 * steps + 3 * -(-steps // FULLY_CONNECTED_STEPS) + (8 if factors.general else 0)
    return Variant(
        name,
        (call,),
        (over_input(call, trace),),
        150 + depth + len(groups) * group,
    )


def _window_order(run: int, rows: int = 1) -> list[list[int]]:
    """The values of a window in the order of the kernel's words: two for each, NOTHING where none.

    A single value that a run leaves over shares a word with the next run's.
    """
    order = []
    for row in range(rows):
        start, left = row * run, run % 4
        for i in range(start, start + run - left, 4):
            order += [[i, i + 2], [i + 1, i + 3]]
        last = start + run - left
        if left == 1 and row % 2 == 0:
            order.append([last, last + run if row + 1 < rows else NOTHING])
        elif left == 2:
            order.append([last, last + 1])
        elif left == 3:
            order += [[last, last + 2], [last + 1, NOTHING]]
    return order


def _groups(channels: int) -> list[list[int]]:
    """Groups of channels: where they are no multiple of 4, the second begins within the first."""
    if channels < GROUP:
        return [[*range(channels), *[NOTHING] * (GROUP - channels)]]
    starts = [0, *range(channels % GROUP or GROUP, channels, GROUP)]
    return [list(range(start, start + GROUP)) for start in starts]


def _packed(
    layer: Weighted, groups: Iterable[Sequence[int]], order: Sequence[Sequence[int]]
) -> list[NDArray[np.int64]] | None:
    """Each group's words; None where a pair of weights does not fit."""
    padded = np.pad(layer.flat, ((0, 1), (0, 1)))  # NOTHING is the last channel, and value
    values = padded[:, np.array(order)]  # [channels, words, 2]
    found = []
    for group in groups:
        even, odd = values[group[0::2]], values[group[1::2]]
        halves = 256 * odd + even
        if halves.min() < -(1 << 15) or halves.max() >= 1 << 15:
            return None
        words = (halves[..., 1] << 16) + (halves[..., 0] & 0xFFFF)  # [2, words]
        found.append(words.T.reshape(-1))
    return found


def _biases(layer: Weighted, factors: Factors, group: Sequence[int]) -> NDArray[np.int64]:
    """Of which the sums of a group begin: even, 256 * odd + even, twice."""
    start = np.append(layer.folded + factors.kappa, 0)[list(group)]
    return np.array([start[0], 256 * start[1] + start[0], start[2], 256 * start[3] + start[2]])
