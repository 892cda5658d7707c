"""Cortex-M3: see firmware/kernels/armv7m/README.md."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tinyflow.compiler.packing import pairs
from tinyflow.compiler.packing.backend import Variant

if TYPE_CHECKING:
    from tinyflow.compiler.graph import Graph
    from tinyflow.compiler.steps import Step

COSTS = pairs.Costs(
    tap={4: 6.0, 2: 4.0, 1: 3.0},
    group={4: 16.0, 2: 8.0, 1: 6.0},
    channel=27.0,
    pack=5.0,
    run=90.0,
    output=10.5,
    exact=34.0,
    block=350.0,
    call=70.0,
    threes={1: 35.0, 2: 41.0},
    taps_channel=18.0,
    copied=5.0,
    copied_channel=16.0,
    row_tap=12.0,
    row_group=34.0,
    plain_mac=10.0,
    plain_output=40.0,
)


def variants(graph: Graph, step: Step) -> Iterable[Variant]:
    """The ways of this core to compute a step."""
    yield from pairs.variants(graph, step, COSTS)
