"""Cortex-M0, M0+ and M1: see firmware/kernels/armv6m/README.md."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tinyflow.compiler.packing import pairs
from tinyflow.compiler.packing.backend import Variant

if TYPE_CHECKING:
    from tinyflow.compiler.graph import Graph
    from tinyflow.compiler.steps import Step

COSTS = pairs.Costs(
    tap={4: 12.0, 2: 8.0, 1: 6.0},
    group={4: 32.0, 2: 23.0, 1: 14.0},
    channel=45.0,
    pack=7.0,
    run=150.0,
    output=31.0,
    exact=95.0,
    block=200.0,
    call=150.0,
    threes={1: 70.0, 2: 78.0},
    taps_channel=26.0,
    copied=5.0,
    copied_channel=22.0,
    row_tap=21.0,
    row_group=65.0,
    plain_mac=20.0,
    plain_output=110.0,
    sum_bits=31,
)


def variants(graph: Graph, step: Step) -> Iterable[Variant]:
    """The ways of this core to compute a step."""
    yield from pairs.variants(graph, step, COSTS)
