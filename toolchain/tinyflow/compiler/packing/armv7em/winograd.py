"""CONV_2D of 3x3 at stride 1 by Winograd's F(2x2, 3x3), in integers and exact.

Four outputs take 16 products instead of 36. Weights are transformed by twice the textbook's G on
either side, so they are integers that fit int16, and every sum is four times the convolution's: the
requantisation takes two bits more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tinyflow.compiler.ops.op import Constant, KernelCall
from tinyflow.compiler.packing.armv7em.factors import Factors, find_factors
from tinyflow.compiler.packing.backend import WINOGRAD_SCRATCH_BYTES, Variant
from tinyflow.compiler.packing.traces import over_input, ring_trace
from tinyflow.compiler.packing.weighted import SIZES, Weighted
from tinyflow.compiler.packing.words import wrapped

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAME = "winograd"
GROUP = 4
CHUNK = 16
CHUNK_BYTES, SUMS_BYTES = 1024, 512
PATCH_COLUMNS, RING_ROWS = 4, 4
EXPONENT = 2
"""Of the short requantisation, without the two bits more: an immediate in the kernel."""
LARGEST_VALUE = 512
"""Of a transformed tile: two differences of differences of int8."""
DOUBLED_G = np.array([[2, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 2]], np.int64)
PLACES = (1, 0, 2, 3)
"""The order of a column's places in the stream."""


def variants(layer: Weighted) -> Iterator[Variant]:
    """The layer by Winograd, where it is a convolution that the kernel has."""
    if not _fits(layer):
        return
    factors = find_factors(layer, (EXPONENT,))
    if factors is None or (factors.general and layer.clamps):
        return
    transformed = np.einsum("ia,nabc,jb->nijc", DOUBLED_G, layer.weights, DOUBLED_G)
    largest = np.abs(transformed).sum((1, 2, 3)) * LARGEST_VALUE
    if (largest + 4 * np.abs(layer.folded + factors.kappa)).max() < 1 << 31:
        yield _variant(layer, factors, transformed)


def _fits(layer: Weighted) -> bool:
    return (
        layer.kind == "conv"
        and layer.groups == 1
        and layer.weights.shape[1:3] == (3, 3)
        and layer.stride_height == layer.stride_width == 1
        and layer.dilation_height == layer.dilation_width == 1
        and min(layer.input_channels, layer.output_channels) >= GROUP
        and _scratch_bytes(layer) <= WINOGRAD_SCRATCH_BYTES
    )


def _patches(layer: Weighted) -> int:
    """Blocks of columns in a row."""
    return -(-layer.output_width // PATCH_COLUMNS)


def _chunks(layer: Weighted) -> int:
    """Sixteens of input channels."""
    return -(-layer.input_channels // CHUNK)


def _scratch_bytes(layer: Weighted) -> int:
    columns = _patches(layer) * PATCH_COLUMNS + layer.filter_width - 1
    ring = RING_ROWS * columns * layer.input_channels
    return _chunks(layer) * CHUNK_BYTES + SUMS_BYTES + ring


def _variant(layer: Weighted, factors: Factors, transformed: NDArray[np.int64]) -> Variant:
    params = (
        *layer.fields(
            *SIZES,
            *("output_channels", "filter_height", "stride_height", "dilation_height"),
            *("pad_top", "pad_left"),
        ),
        ("input_zero_point", layer.input_zero_point),
        ("general", int(factors.general)),
    )
    call = KernelCall(
        function="tnf_winograd_3x3_dsp_s8",
        header="tnf_winograd_armv7em.h",
        kernels=("winograd_3x3_dsp_s8",),
        params_type="tnf_winograd_3x3_dsp_t",
        params=params,
        inputs=layer.call.inputs,
        outputs=layer.call.outputs,
        constants=(
            Constant("stream", "int32_t", _stream(layer, factors, transformed)),
            Constant("scales", "int32_t", _scales(factors)),
        ),
        scratch_bytes=_scratch_bytes(layer),
        by_rows="tnf_winograd_3x3_dsp_rows_s8",
    )
    lap = over_input(call, ring_trace(layer))
    return Variant(NAME, (call,), (lap,), _instructions(layer, factors))


def _stream(layer: Weighted, factors: Factors, transformed: NDArray[np.int64]) -> NDArray[np.int32]:
    """Of groups of four output channels, of columns of places: what sums begin with, then words of
    pairs of input channels."""
    biases = 4 * (layer.folded + factors.kappa)
    low, high = _pairs(layer, transformed)
    words: list[NDArray[np.int64]] = []
    for start in range(0, layer.output_channels, GROUP):
        first = min(start, layer.output_channels - GROUP)
        own = slice(first, first + GROUP)
        for column in range(4):
            words.append(biases[own] if column == 1 else np.zeros(GROUP, np.int64))
            for place in PLACES:
                pairs = low[own, place, column] & 0xFFFF | (high[own, place, column] & 0xFFFF) << 16
                words.append(pairs.T.reshape(-1))
    return wrapped(np.concatenate(words))


def _pairs(
    layer: Weighted, transformed: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The weights of both channels of each pair: of four channels, 0 and 2, then 1 and 3.

    The last four overlap those before where they are less; what comes twice has no weight there.
    """
    depth, places = layer.input_channels, _chunks(layer) * CHUNK
    laid = np.zeros((*transformed.shape[:3], places), np.int64)
    for start in range(0, depth, GROUP):
        first = min(start, depth - GROUP)
        laid[..., start + start - first : start + GROUP] = transformed[..., start : first + GROUP]
    fours = laid.reshape(*laid.shape[:3], -1, GROUP)
    low = fours[..., [0, 1]].reshape(*laid.shape[:3], -1)
    high = fours[..., [2, 3]].reshape(*laid.shape[:3], -1)
    return low, high


def _scales(factors: Factors) -> NDArray[np.int32]:
    """Of each channel multiplier and constant, or what the general form has."""
    words = factors.words if factors.general else factors.words * np.array([1, 4])
    return wrapped(words.reshape(-1))


def _instructions(layer: Weighted, factors: Factors) -> int:
    """A prediction of the instructions executed."""
    row_steps = -(-layer.output_height // 2)
    patches = row_steps * _patches(layer)
    groups = -(-layer.output_channels // GROUP)
    transform = -(-layer.input_channels // GROUP) * 310 + 60
    products = 4 * (4 * (8 + 92 * _chunks(layer)) + 13)
    output = 8 * (62 if factors.general else 51) + 100
    copies = layer.input_height * (layer.input_width * layer.input_channels // 3 + 100)
    return layer.batches * (patches * (transform + groups * (products + output)) + copies)
