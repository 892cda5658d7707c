"""DEPTHWISE_CONV_2D with filters of 3x3, from int16 planes of four channels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tinyflow.compiler.graph import Graph
from tinyflow.compiler.ops.op import Constant, KernelCall
from tinyflow.compiler.packing.armv7em import depthwise_any as any_filter
from tinyflow.compiler.packing.armv7em.factors import Factors, find_factors
from tinyflow.compiler.packing.backend import SCRATCH_BYTES, Variant
from tinyflow.compiler.packing.traces import band_trace, over_input, ring_trace
from tinyflow.compiler.packing.weighted import SIZES, Weighted
from tinyflow.compiler.packing.words import wrapped

if TYPE_CHECKING:
    from numpy.typing import NDArray

GROUP = 4
LEAST_WIDTH = 2
"""A block of columns: the kernel for stride 1 begins with one."""
PAIR_BYTES = 64
EXPONENT = 1
"""Of the short requantisation: an immediate in the kernels."""
BAND = 16
"""Output rows of a band: what overlaps may come earlier by, and how often rows are filled twice."""
FIRST_BAND_2, BAND_2 = 2, 8
"""At stride 2 the output falls back behind the input: a short first band lets it begin later."""


def variants(graph: Graph, layer: Weighted) -> Iterator[Variant]:
    """The layer from planes: by the kernel for 3x3 where it can be, else by that for any filter."""
    factors = find_factors(layer, (EXPONENT,)) if _fits(layer) else None
    if factors is not None and not (factors.general and layer.clamps):
        yield _variant(graph, layer, factors)
    else:
        yield from any_filter.variants(layer)


def _fits(layer: Weighted) -> bool:
    return (
        layer.kind == "depthwise"
        and layer.depth_multiplier == 1
        and layer.weights.shape[1:3] == (3, 3)
        and layer.stride_height == layer.stride_width <= 2
        and layer.dilation_height == layer.dilation_width == 1
        and layer.pad_left <= 1
        and layer.output_width >= LEAST_WIDTH
        and layer.input_channels >= GROUP
        and _group_bytes(layer) <= SCRATCH_BYTES
    )


def _group_bytes(layer: Weighted) -> int:
    """The planes of four channels."""
    columns = -(-layer.output_width // 2) if layer.stride_width == 1 else layer.output_width
    return (columns + 1) * PAIR_BYTES


def _variant(graph: Graph, layer: Weighted, factors: Factors) -> Variant:
    groups = -(-layer.input_channels // GROUP)
    at_once = min(groups, SCRATCH_BYTES // _group_bytes(layer))
    together = at_once == groups
    bands = [range(layer.output_height)]
    if not together and not _roomy(graph, layer):
        first, others = (BAND, BAND) if layer.stride_height == 1 else (FIRST_BAND_2, BAND_2)
        bands = list(_bands(layer.output_height, first, others))
        at_once = 1
    params = (
        *layer.fields(
            *SIZES, "filter_height", "stride_height", "dilation_height", "pad_top", "pad_left"
        ),
        ("input_zero_point", layer.input_zero_point),
        ("at_once", GROUP * at_once),
        ("first_band", bands[0].stop),
        ("band", len(bands[min(1, len(bands) - 1)])),
    )
    stride = "" if layer.stride_height == 1 else "_stride_2"
    name = f"depthwise_3x3{stride}{'_general' if factors.general else ''}_dsp"
    call = KernelCall(
        function=f"tnf_{name}_s8",
        header="tnf_depthwise_armv7em.h",
        kernels=(f"{name}_s8",),
        params_type="tnf_depthwise_3x3_dsp_t",
        params=params,
        inputs=layer.call.inputs,
        outputs=layer.call.outputs,
        constants=(Constant("constants", "int32_t", _constants(layer, factors)),),
        scratch_bytes=_group_bytes(layer) * at_once,
        by_rows=f"tnf_{name}_rows_s8",
    )
    trace = ring_trace(layer) if together else band_trace(layer, [len(band) for band in bands])
    return Variant(
        "direct", (call,), (over_input(call, trace),), _instructions(layer, factors, bands, at_once)
    )


def _roomy(graph: Graph, layer: Weighted) -> bool:
    """Whether input and output take no more than a single tensor elsewhere: nothing is gained where
    they share memory."""
    tensors = {tensor for node in graph.nodes for tensor in (*node.inputs, *node.outputs)}
    sizes = [graph.tensors[tensor].size_bytes for tensor in tensors if _computed(graph, tensor)]
    call = layer.call
    own = sum(graph.tensors[tensor].size_bytes for tensor in (*call.inputs, *call.outputs))
    return own <= max(sizes)


def _computed(graph: Graph, tensor: int) -> bool:
    return tensor >= 0 and graph.tensors[tensor].data is None


def _constants(layer: Weighted, factors: Factors) -> NDArray[np.int32]:
    """Of each channel the words of weights, then the bias and the factors."""
    w = layer.weights[..., 0]
    if layer.stride_height == 1:
        words = [_bytes(*(w[:, y, x] for x in (0, 1, 1, 2))) for y in range(3)]
    else:
        words = [
            _bytes(w[:, 0, 0], w[:, 1, 0], w[:, 0, 1], w[:, 1, 1]),
            _bytes(w[:, 2, 0], w[:, 0, 2], w[:, 2, 1], w[:, 1, 2]),
            w[:, 2, 2] & 0xFF,
        ]
    words += [layer.folded + factors.kappa, *factors.words.T]
    return wrapped(np.stack(words, axis=1)).reshape(-1)


def _bytes(*values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Four bytes a word, the first in the lowest."""
    return sum(((value & 0xFF) << 8 * i for i, value in enumerate(values)), np.int64(0))


def _bands(height: int, first: int, others: int) -> Iterator[range]:
    start, size = 0, first
    while start < height:
        yield range(start, min(start + size, height))
        start, size = start + size, others


def _instructions(layer: Weighted, factors: Factors, bands: list[range], at_once: int) -> int:
    """A prediction of the instructions executed."""
    filled = layer.pad_left + -(-(layer.input_width - layer.pad_left) // 2)
    pairs = min(filled, _group_bytes(layer) // PAIR_BYTES)
    groups = -(-layer.input_channels // GROUP)
    width = layer.output_width
    if layer.stride_height == 1:
        channel = 26 + width // 2 * 47 + width % 2 * 28
        steps = sum(-(-len(band) // 2) for band in bands)
    else:
        channel = 31 + width // 4 * 53 + width % 4 // 2 * 30 + width % 2 * 17
        steps = layer.output_height
    if factors.general:
        channel += (width * min(2, 3 - layer.stride_height)) * 6
    fills = steps + len(bands)
    passes = -(-groups // at_once)
    total = steps * (layer.output_channels * channel + passes * 130)
    total += fills * (groups * (pairs * 24 + 24) + passes * 70)
    return layer.batches * total
