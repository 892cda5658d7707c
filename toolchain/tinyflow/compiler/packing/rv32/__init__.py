"""RV32IM: convolutions by pairs of pixels in a word.

firmware/kernels/rv32/README.md tells how the kernels compute.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tinyflow.compiler.graph import Graph
from tinyflow.compiler.packing.backend import Variant
from tinyflow.compiler.packing.rv32 import depthwise, pairs, quads, winograd
from tinyflow.compiler.packing.rv32.rounding import rounding
from tinyflow.compiler.packing.weighted import Weighted, weighted

if TYPE_CHECKING:
    from tinyflow.compiler.steps import Step


def variants(graph: Graph, step: Step) -> Iterable[Variant]:
    """This backend's own ways to compute a step."""
    layer = weighted(graph, step)
    if layer is None:
        return
    if layer.kind == "conv":
        yield from _convolutions(layer)
    elif layer.kind == "depthwise":
        yield from depthwise.variants(layer)
    else:
        yield from quads.variants(layer)


def _convolutions(layer: Weighted) -> Iterable[Variant]:
    dilated = layer.dilation_height > 1 and layer.filter_height > 1
    dilated |= layer.dilation_width > 1 and layer.filter_width > 1
    if layer.groups > 1 or dilated:
        return
    rounded = rounding(layer)
    if rounded is not None:
        yield from pairs.variants(layer, rounded)
        yield from winograd.variants(layer, rounded)
