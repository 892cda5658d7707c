"""CONV_2D of 1x1 whose weights are mostly zero: only pairs with a weight are in the stream.

It pays from about half of the weights being zero: a pair takes 15 instructions for eight pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tinyflow.compiler.memory.rows import RowTrace
from tinyflow.compiler.ops.op import Constant, KernelCall
from tinyflow.compiler.packing.armv7em.factors import Factors, find_factors
from tinyflow.compiler.packing.backend import SCRATCH_BYTES, Variant
from tinyflow.compiler.packing.traces import over_input
from tinyflow.compiler.packing.weighted import Weighted
from tinyflow.compiler.packing.words import wrapped

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAME = "sparse"
GROUP = 4
PIXELS = 8
PAIR_BYTES = 4 * PIXELS
STEPS, STEP_BYTES = 4, 60
"""Of the loop's body, which is entered in the middle."""
MAX_SKIP = 255 // PAIR_BYTES
"""Pairs to go on by in one word."""
EXPONENT = 2
"""Of the short requantisation: an immediate in the kernel."""
LEAST_ZEROS = 0.5
"""Of the weights; below, other kernels are faster."""


def variants(layer: Weighted) -> Iterator[Variant]:
    """The layer by its weights that are not zero, where they are few."""
    if not _fits(layer) or np.mean(layer.weights == 0) < LEAST_ZEROS:
        return
    factors = find_factors(layer, (EXPONENT,))
    if factors is not None and not (factors.general and layer.clamps):
        yield _variant(layer, factors)


def _fits(layer: Weighted) -> bool:
    return (
        layer.kind == "conv"
        and layer.groups == 1
        and layer.weights.shape[1:3] == (1, 1)
        and layer.stride_height == layer.stride_width == 1
        and layer.pad_top == layer.pad_left == 0
        and (layer.input_height, layer.input_width) == (layer.output_height, layer.output_width)
        and layer.input_channels >= GROUP
        and _scratch_bytes(layer) <= SCRATCH_BYTES
    )


def _scratch_bytes(layer: Weighted) -> int:
    return -(-layer.input_channels // GROUP) * 2 * PAIR_BYTES


def _variant(layer: Weighted, factors: Factors) -> Variant:
    rows = [_row(layer, factors, channel) for channel in range(layer.output_channels)]
    stream = np.array([word for row in rows for word in row], np.int64)
    params = (
        *layer.fields(
            "batches", "input_height", "input_width", "input_channels", "output_channels"
        ),
        ("filter_height", 1),
        ("stride_height", 1),
        ("dilation_height", 1),
        ("pad_top", 0),
        ("general", int(factors.general)),
        ("words", stream.size),
    )
    call = KernelCall(
        function="tnf_sparse_1x1_dsp_s8",
        header="tnf_sparse_armv7em.h",
        kernels=("sparse_1x1_dsp_s8",),
        params_type="tnf_sparse_1x1_dsp_t",
        params=params,
        inputs=layer.call.inputs,
        outputs=layer.call.outputs,
        constants=(Constant("stream", "int32_t", wrapped(stream)),),
        scratch_bytes=_scratch_bytes(layer),
        by_rows="tnf_sparse_1x1_dsp_rows_s8",
    )
    lap = over_input(call, _trace(layer))
    return Variant(NAME, (call,), (lap,), _instructions(layer, factors, stream.size))


def _row(layer: Weighted, factors: Factors, channel: int) -> list[int]:
    """The stream of an output channel."""
    words = _words(layer.flat[channel])
    entry = -len(words) % STEPS * STEP_BYTES
    bias = int(layer.folded[channel] + factors.kappa[channel])
    return [bias, 4 * len(words), entry, *words, *map(int, factors.words[channel])]


def _words(weights: NDArray[np.int64]) -> list[int]:
    """Words of the pairs that have a weight, at least one. Pairs are channels 0 and 2 of four, then
    1 and 3; the last four overlap those before where they are less."""
    words: list[int] = []
    at = 0
    for place, (low, high) in enumerate(_pairs(weights)):
        if not low and not high:
            continue
        while place - at > MAX_SKIP:
            words.append(MAX_SKIP * PAIR_BYTES << 8)
            at += MAX_SKIP
        words.append(low & 0xFF | (place - at) * PAIR_BYTES << 8 | (high & 0xFF) << 16)
        at = place
    return words or [0]


def _pairs(weights: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    for start in range(0, weights.size, GROUP):
        first = min(start, weights.size - GROUP)
        four = weights[first : first + GROUP].tolist()
        four[: start - first] = [0] * (start - first)
        yield four[0], four[2]
        yield four[1], four[3]


def _trace(layer: Weighted) -> RowTrace:
    """Pixel by pixel: before any of eight outputs is written, their inputs are copied."""
    pixels = layer.batches * layer.input_height * layer.input_width
    consumed = [min(pixels, (pixel // PIXELS + 1) * PIXELS) for pixel in range(pixels)]
    return RowTrace(pixels, layer.input_channels, layer.output_channels, tuple(consumed))


def _instructions(layer: Weighted, factors: Factors, words: int) -> int:
    """A prediction of the instructions executed."""
    blocks = -(-layer.batches * layer.input_height * layer.input_width // PIXELS)
    heads = layer.output_channels * (3 + int(factors.words.shape[1]))
    channel = 40 + (42 if factors.general else 18)
    expanded = PIXELS * (10 + 2 * layer.input_channels)
    steps = 15.75 * (words - heads)
    each = layer.output_channels * channel + steps + expanded + 60
    return blocks * round(each)
