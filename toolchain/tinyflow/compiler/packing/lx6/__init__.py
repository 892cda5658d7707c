"""The backend for the ESP32's cores, Xtensa LX6: 16-bit products with free loads, free loops."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tinyflow.compiler.graph import Graph
from tinyflow.compiler.packing.backend import PLAIN, Variant
from tinyflow.compiler.packing.lx6.convolution import convolutions
from tinyflow.compiler.packing.lx6.depthwise import depthwise
from tinyflow.compiler.packing.lx6.fully_connected import fully_connected
from tinyflow.compiler.packing.weighted import Weighted, weighted

if TYPE_CHECKING:
    from tinyflow.compiler.steps import Step


PLAIN_PER_MAC, PLAIN_PER_OUTPUT = 7.5, 140
"""What compiled C takes without products of 64 bits in one instruction."""


def variants(graph: Graph, step: Step) -> Iterator[Variant]:
    """The ways to compute a step; none where its sums or its weights leave what they can do."""
    layer = weighted(graph, step)
    if layer is None:
        return
    yield Variant(PLAIN, step.calls, step.overlaps, _plain_instructions(layer))
    if layer.kind == "fully_connected":
        yield from fully_connected(layer)
        return
    if layer.dilation_height != 1 or layer.dilation_width != 1 or layer.groups != 1:
        return
    if layer.kind == "conv" or layer.input_channels == 1:
        yield from convolutions(layer)
    elif layer.depth_multiplier == 1:
        yield from depthwise(layer)


def _plain_instructions(layer: Weighted) -> int:
    outputs = layer.macs // int(layer.flat.shape[1])
    return round(PLAIN_PER_MAC * layer.macs + PLAIN_PER_OUTPUT * outputs)
