"""The M-profile vector extension: weighted operators with packed weights, others as vectors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tinyflow.compiler.graph import Graph
from tinyflow.compiler.packing.backend import Variant
from tinyflow.compiler.packing.mve import convolution, dense, depthwise
from tinyflow.compiler.packing.weighted import weighted

if TYPE_CHECKING:
    from tinyflow.compiler.steps import Step


def variants(graph: Graph, step: Step) -> Iterator[Variant]:
    """The ways of this backend to compute a step."""
    layer = weighted(graph, step)
    if layer is not None and layer.kind in PACKERS:
        yield from PACKERS[layer.kind](layer)


PACKERS = {
    "conv": convolution.variants,
    "depthwise": depthwise.variants,
    "fully_connected": dense.variants,
}
