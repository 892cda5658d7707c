"""Models for which the arena has no room: tensors with little traffic go into slow memory."""

from __future__ import annotations

from collections.abc import Sequence

from tinyflow.compiler.graph import Graph
from tinyflow.compiler.memory.regions import RegionPlan, plan_regions
from tinyflow.compiler.replay import verify_regions
from tinyflow.compiler.steps import Step
from tinyflow.compiler.streaming.choose import Chosen
from tinyflow.compiler.streaming.traffic import row_traffic


def spill(graph: Graph, steps: Sequence[Step], chosen: Chosen, fast_bytes: int) -> Chosen:
    """The model over `fast_bytes` of fast memory and slow memory behind it.

    `chosen` needs more than there is of the fast. Taken are its steps or `steps`, the layers one
    after another, whichever have less traffic with the slow memory. Where not even what has to be
    fast has room, `chosen` is left as it is.
    """
    best: tuple[RegionPlan, Chosen] | None = None
    for tried in (Chosen(tuple(steps), chosen.plan), chosen):
        found = plan_regions(graph, tried.steps, fast_bytes, row_traffic(graph, tried.steps))
        if found is not None and (best is None or found.slow_traffic < best[0].slow_traffic):
            best = found, tried
    if best is None:
        return chosen
    plan, taken = best
    verify_regions(graph, taken.steps, plan, fast_bytes)
    one = plan.as_one_arena()
    return Chosen(taken.steps, one, (*taken.changes, *_told(plan)))


def _told(plan: RegionPlan) -> tuple[str, ...]:
    """What people are told: how much is slow."""
    if not plan.slow_bytes:
        return ()
    slow = [found for found in plan.tensors.values() if not found.fast]
    slow += [found for rings in plan.rings.values() for found in rings if not found.fast]
    count = "one tensor" if len(slow) == 1 else f"{len(slow)} tensors"
    return (
        f"put {count} into {plan.slow_bytes:,} B of slow memory: {plan.slow_traffic:,} of "
        f"{plan.traffic:,} B of an inference's traffic",
    )
