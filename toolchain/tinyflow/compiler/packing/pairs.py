"""Packing for Cortex-M cores without instructions for several values at once, see tnf_pairs.h."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tinyflow.compiler.ops.op import Constant, KernelCall, Overlap
from tinyflow.compiler.packing.backend import PLAIN, SCRATCH_BYTES, Variant
from tinyflow.compiler.packing.swar import factor_constant, factors, groups, weight_bytes
from tinyflow.compiler.packing.traces import block_trace, over_input, ring_trace
from tinyflow.compiler.packing.weighted import SIZES, Weighted, weighted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tinyflow.compiler.graph import Graph
    from tinyflow.compiler.steps import Step

HEADER = "tnf_pairs.h"
MOST_TAPS = 16
MOST_GROUPS = 65535
CHANNELS_TOGETHER = (16, 8)
BLOCKS = (4, 2, 1)
CONV_SIZES = (
    *SIZES,
    *("output_channels", "filter_height", "filter_width", "stride_height", "stride_width"),
    *("dilation_height", "dilation_width", "pad_top", "pad_left"),
)
TAPS_SIZES = (
    *SIZES,
    *("filter_height", "filter_width", "stride_height", "stride_width", "pad_top", "pad_left"),
)
TAPS = 3
TAPS_PIXELS = 6
TAPS_CHANNELS = 16
TAPS_MOST = 16
ROW_CHANNELS = 8
ROW_ORDER = [0, 1, 4, 5, 2, 3, 6, 7]
MOST_TRACED = 1 << 16
"""Pixels of a tensor whose order of reading and writing is told."""


@dataclass(frozen=True)
class Costs:
    """Executed instructions of a core, roughly.

    `tap` and `group` are of one weight and of a group's end, by the words of a block; `channel` is
    the rest of a channel. `pack` is of a word, `run` of what lies together in the input, `output`
    and `exact` of a requantisation in the short and in the exact form, `block` of a block, `call`
    of one of the other layers.
    `threes` are of three weights of a depthwise convolution, by its stride, `taps_channel` the rest
    of a channel there, `copied` of a value that is copied, `copied_channel` of a row's channel.
    `row_tap` and `row_group` are of a value and of a group's end in a fully connected layer, for
    eight outputs. `plain_mac` and `plain_output` are of the operators' own kernels.
    """

    tap: dict[int, float]
    group: dict[int, float]
    channel: float
    pack: float
    run: float
    output: float
    exact: float
    block: float
    call: float
    threes: dict[int, float]
    taps_channel: float
    copied: float
    copied_channel: float
    row_tap: float
    row_group: float
    plain_mac: float
    plain_output: float
    sum_bits: int = 32


def variants(graph: Graph, step: Step, costs: Costs) -> Iterable[Variant]:
    """The ways to compute a step, and what its operator's own kernel takes."""
    layer = weighted(graph, step)
    if layer is None:
        return
    outputs = layer.batches * layer.output_height * layer.output_width * layer.output_channels
    instructions = layer.macs * costs.plain_mac + outputs * costs.plain_output
    yield Variant(PLAIN, step.calls, step.overlaps, round(instructions))
    if layer.kind == "conv" and layer.groups == 1:
        yield from _convolution(layer, costs)
    elif layer.kind == "depthwise" and layer.depth_multiplier == 1:
        yield from _depthwise(layer, costs)
    elif layer.kind == "fully_connected":
        yield from _fully_connected(layer, costs)


def _convolution(layer: Weighted, costs: Costs) -> Iterable[Variant]:
    values = int(layer.flat.shape[1])
    sizes = [(words, channels) for words in BLOCKS for channels in CHANNELS_TOGETHER]
    fitting = [size for size in sizes if _scratch(layer, *size) <= SCRATCH_BYTES]
    if not fitting:
        return
    stream, taken = pack(layer.flat)
    if stream is None:
        return
    found = factors(layer, bits=costs.sum_bits)

    def instructions(words: int) -> int:
        pixels = layer.output_height * layer.output_width
        blocks = -(-pixels // (2 * words))
        runs = layer.filter_height * words
        work = costs.block + runs * costs.run + words * values * costs.pack
        work += values * layer.output_channels * costs.tap[words]
        work += taken * costs.group[words] + layer.output_channels * costs.channel
        output = costs.output if found.exponent >= 0 else costs.exact
        return round(layer.batches * (blocks * work + pixels * layer.output_channels * output))

    ring = _ring(layer)
    beside = [size for size in fitting if _scratch(layer, *size) + ring <= SCRATCH_BYTES]
    words, together = min(beside or fitting, key=lambda size: instructions(size[0]))
    call = KernelCall(
        function="tnf_conv_2d_pairs_s8",
        header=HEADER,
        kernels=("conv_2d_pairs_s8",),
        params_type="tnf_conv_2d_pairs_t",
        params=(
            *layer.fields(*CONV_SIZES),
            ("padding", layer.input_zero_point),
            ("words", words),
            ("together", together),
            *_output(layer, found.exponent),
        ),
        inputs=layer.call.inputs,
        outputs=layer.call.outputs,
        constants=(Constant("weights", "uint8_t", stream), factor_constant(found)),
        scratch_bytes=_scratch(layer, words, together),
        by_rows="tnf_conv_2d_pairs_rows_s8",
    )
    yield Variant("pairs", (call,), _overlaps(layer, call, words), instructions(words))


def _depthwise(layer: Weighted, costs: Costs) -> Iterable[Variant]:
    if layer.stride_width not in (1, 2) or (layer.dilation_height, layer.dilation_width) != (1, 1):
        return
    threes = -(-layer.filter_width // TAPS)
    pixels = max(layer.output_width, TAPS_PIXELS)
    columns = (pixels - 1) * layer.stride_width + threes * TAPS
    channels = layer.input_channels
    scratch = 4 * TAPS_CHANNELS * TAPS_PIXELS + layer.filter_height * columns * channels
    if scratch > SCRATCH_BYTES or layer.filter_height * threes > TAPS_MOST:
        return
    weights = np.zeros((channels, layer.filter_height, threes * TAPS), np.int8)
    weights[..., : layer.filter_width] = layer.weights[..., 0]
    found = factors(layer, bits=costs.sum_bits, more=128)
    call = KernelCall(
        function="tnf_depthwise_taps_s8",
        header=HEADER,
        kernels=("depthwise_taps_s8",),
        params_type="tnf_depthwise_taps_t",
        params=(
            *layer.fields(*TAPS_SIZES),
            ("padding", layer.input_zero_point),
            ("columns", columns),
            *_output(layer, found.exponent),
        ),
        inputs=layer.call.inputs,
        outputs=layer.call.outputs,
        constants=(Constant("weights", "int8_t", weights), factor_constant(found)),
        scratch_bytes=scratch,
        by_rows="tnf_depthwise_taps_rows_s8",
    )
    rows = layer.batches * layer.output_height
    blocks = -(-layer.output_width // TAPS_PIXELS)
    work = channels * (
        layer.filter_height * threes * costs.threes[layer.stride_width] + costs.taps_channel
    )
    output = costs.output if found.exponent >= 0 else costs.exact
    done = blocks * (work + costs.call) + layer.output_width * channels * output
    copied = (columns * costs.copied + costs.copied_channel) * channels * layer.stride_height
    yield Variant(
        "taps",
        (call,),
        (over_input(call, ring_trace(layer)),),
        round(rows * (done + copied + costs.call)),
    )


def _fully_connected(layer: Weighted, costs: Costs) -> Iterable[Variant]:
    stream, taken = pack_rows(layer.flat)
    found = factors(layer, bits=costs.sum_bits)
    call = KernelCall(
        function="tnf_fully_connected_pairs_s8",
        header=HEADER,
        kernels=("fully_connected_pairs_s8",),
        params_type="tnf_fully_connected_pairs_t",
        params=(
            ("rows", layer.output_height),
            ("input_depth", layer.input_channels),
            ("output_depth", layer.output_channels),
            *_output(layer, found.exponent),
        ),
        inputs=layer.call.inputs,
        outputs=layer.call.outputs,
        constants=(Constant("weights", "int32_t", stream), factor_constant(found)),
    )
    blocks = -(-layer.output_channels // ROW_CHANNELS)
    output = costs.output if found.exponent >= 0 else costs.exact
    work = blocks * (layer.input_channels * costs.row_tap + costs.call)
    work += taken * costs.row_group + layer.output_channels * output
    yield Variant("pairs", (call,), (), round(layer.output_height * work))


def pack_rows(weights: NDArray[np.int64]) -> tuple[NDArray[np.int32], int]:
    """The stream of tnf_row_sums for all channels and how many groups it has."""
    channels, depth = weights.shape
    padded = np.zeros((-(-channels // ROW_CHANNELS) * ROW_CHANNELS, depth), np.int64)
    padded[:channels] = weights
    stream: list[NDArray[np.int32]] = []
    total = 0
    for block in padded.reshape(-1, ROW_CHANNELS, depth):
        lengths = groups(block, depth)
        total += len(lengths)
        stream.append(np.array([len(lengths)], np.int32))
        words = (block[ROW_ORDER].T + 128).astype(np.uint8).copy().view("<u4").astype(np.uint32)
        start = 0
        for length in lengths:
            stream.append(np.array([length], np.int32))
            stream.append(words[start : start + length].reshape(-1).view(np.int32))
            start += length
    return np.concatenate(stream), total


def pack(weights: NDArray[np.int64]) -> tuple[NDArray[np.uint8] | None, int]:
    """The stream of tnf_pairs_sums and how many groups it has; None where they are too many."""
    stream: list[NDArray[np.uint8]] = []
    total = 0
    for channel in weights:
        lengths = groups(channel[np.newaxis], MOST_TAPS)
        if len(lengths) > MOST_GROUPS:
            return None, 0
        total += len(lengths)
        stream.append(np.array([len(lengths) & 255, len(lengths) >> 8], np.uint8))
        data = weight_bytes(channel)
        start = 0
        for length in lengths:
            head = np.array([data[start], length - 1], np.uint8)
            stream += [head, data[start + 1 : start + length]]
            start += length
    return np.concatenate(stream), total


def _output(layer: Weighted, exponent: int) -> tuple[tuple[str, int], ...]:
    return (
        ("exponent", exponent),
        *layer.fields("output_offset", "activation_min", "activation_max"),
    )


def _scratch(layer: Weighted, words: int, channels: int) -> int:
    sums = max(4 * channels * 2 * words, layer.input_channels)
    return 4 * int(layer.flat.shape[1]) * words + sums


def _ring(layer: Weighted) -> int:
    """The input rows that are copied beside the scratch where the output lies over the input."""
    if layer.filter_height == 1:
        return 0
    return layer.filter_height * layer.input_width * layer.input_channels


def _overlaps(layer: Weighted, call: KernelCall, words: int) -> tuple[Overlap, ...]:
    """A convolution of pixels by themselves reads a block of them before it writes it."""
    shape = layer.filter_height, layer.filter_width, layer.stride_height, layer.stride_width
    image = layer.output_height * layer.output_width
    inside = image == layer.input_height * layer.input_width
    if shape != (1, 1, 1, 1) or not inside or layer.batches * image > MOST_TRACED:
        return ()
    return (over_input(call, block_trace(layer, 2 * words)),)
