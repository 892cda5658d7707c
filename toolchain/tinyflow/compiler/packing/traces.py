"""How kernels go through their input: where the output of a packed call may lie over it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from tinyflow.compiler.memory.rows import RowTrace, reach, windowed
from tinyflow.compiler.ops.op import KernelCall, Overlap
from tinyflow.compiler.packing.weighted import Weighted


def over_input(call: KernelCall, trace: RowTrace) -> Overlap:
    """Where the output of a call with that trace may lie over its input."""
    return Overlap(call.inputs[0], call.outputs[0], reach(trace), trace)


def row_trace(layer: Weighted, consumed: Iterable[int]) -> RowTrace:
    """By rows: `consumed` has, for each output row of one image, how many of the image's input rows
    no row from there on reads; below 0 is none, above the input's height is all.
    """
    inside = np.clip(np.fromiter(consumed, np.int64), 0, layer.input_height)
    starts = np.arange(layer.batches) * layer.input_height
    return RowTrace(
        layer.batches * layer.input_height,
        layer.input_width * layer.input_channels,
        layer.output_width * layer.output_channels,
        tuple((starts[:, np.newaxis] + inside).reshape(-1).tolist()),
    )


def ring_trace(layer: Weighted) -> RowTrace:
    """By rows, each copied into a ring before the first output row whose window has it."""
    return windowed(
        layer.output_height,
        layer.input_height,
        layer.filter_height,
        layer.stride_height,
        layer.pad_top,
        input_row_bytes=layer.input_width * layer.input_channels,
        output_row_bytes=layer.output_width * layer.output_channels,
        batches=layer.batches,
    )


def band_trace(layer: Weighted, bands: Sequence[int]) -> RowTrace:
    """By bands of so many output rows, which are written in any order: while one is, all input rows
    from its first window on are read.
    """
    firsts = np.repeat(np.cumsum([0, *bands[:-1]]), bands)
    return row_trace(layer, firsts * layer.stride_height - layer.pad_top)


def even_bands(layer: Weighted, rows: int) -> list[int]:
    """The output rows of an image in bands of `rows`, of which the last may have fewer."""
    height = layer.output_height
    return [min(rows, height - start) for start in range(0, height, rows)]


def block_trace(layer: Weighted, pixels: int) -> RowTrace:
    """By pixels, of a filter of one pixel that moves by one: an image's are copied in blocks of so
    many before any of the block is written.
    """
    image = layer.output_height * layer.output_width
    ends = np.minimum((np.arange(image) // pixels + 1) * pixels, image)
    starts = np.arange(layer.batches) * image
    return RowTrace(
        layer.batches * image,
        layer.input_channels,
        layer.output_channels,
        tuple((starts[:, np.newaxis] + ends).reshape(-1).tolist()),
    )
