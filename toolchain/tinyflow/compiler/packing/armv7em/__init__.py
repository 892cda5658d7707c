"""Cores with the DSP extension: Cortex-M4, M7, M33.

firmware/kernels/armv7em/README.md tells how the kernels compute.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tinyflow.compiler.graph import Graph
from tinyflow.compiler.packing.armv7em import depthwise, gemm, sparse, winograd
from tinyflow.compiler.packing.backend import Variant
from tinyflow.compiler.packing.weighted import weighted

if TYPE_CHECKING:
    from tinyflow.compiler.steps import Step


def variants(graph: Graph, step: Step) -> Iterable[Variant]:
    """This backend's own ways to compute a step."""
    layer = weighted(graph, step)
    if layer is not None:
        yield from gemm.variants(layer)
        yield from depthwise.variants(graph, layer)
        yield from winograd.variants(layer)
        yield from sparse.variants(layer)
