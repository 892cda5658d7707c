"""The M-profile vector extension: weighted operators with packed weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tinyflow.compiler.graph import Graph
from tinyflow.compiler.packing.backend import Variant
from tinyflow.compiler.packing.mve import columns, dense, depthwise, windows
from tinyflow.compiler.packing.mve.scales import scales
from tinyflow.compiler.packing.weighted import weighted

if TYPE_CHECKING:
    from tinyflow.compiler.steps import Step


def variants(graph: Graph, step: Step) -> Iterator[Variant]:
    """The ways of this backend to compute a step: none with groups, dilation or factors over 1."""
    layer = weighted(graph, step)
    if layer is None or layer.groups > 1 or max(layer.dilation_height, layer.dilation_width) > 1:
        return
    scaled = scales(layer)
    if scaled is None:
        return
    for packer in PACKERS[layer.kind]:
        yield from packer(layer, scaled)


PACKERS = {
    "conv": (windows.variants, columns.variants),
    "depthwise": (depthwise.variants,),
    "fully_connected": (dense.variants,),
}
