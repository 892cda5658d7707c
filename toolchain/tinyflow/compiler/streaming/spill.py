"""Models for which the arena has no room: tensors with little traffic go into slow memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tinyflow.compiler.graph import Graph
from tinyflow.compiler.memory.regions import RegionPlan, plan_regions
from tinyflow.compiler.replay import verify_regions
from tinyflow.compiler.steps import Step
from tinyflow.compiler.streaming.choose import Chosen
from tinyflow.compiler.streaming.compose import chain
from tinyflow.compiler.streaming.traffic import row_traffic


def spill(graph: Graph, steps: Sequence[Step], chosen: Chosen, fast_bytes: int) -> Chosen:
    """The model over `fast_bytes` of fast memory and slow memory behind it.

    `chosen` needs more than there is of the fast. Taken are its steps, the same without copies of
    inputs, or `steps`, the layers one after another, whichever have least traffic with the slow
    memory. Where not even what has to be fast has room, `chosen` is left as it is.
    """
    best: tuple[RegionPlan, Chosen] | None = None
    direct = _without_copies(graph, steps, chosen)
    for tried in (Chosen(tuple(steps), chosen.plan), direct, chosen):
        found = plan_regions(graph, tried.steps, fast_bytes, row_traffic(graph, tried.steps))
        if found is not None and (best is None or found.slow_traffic < best[0].slow_traffic):
            best = found, tried
    if best is None:
        return chosen
    plan, taken = best
    verify_regions(graph, taken.steps, plan, fast_bytes)
    one = plan.as_one_arena()
    return Chosen(taken.steps, one, _told(plan, taken.steps))


def _without_copies(graph: Graph, steps: Sequence[Step], chosen: Chosen) -> Chosen:
    """The chains of `chosen` without the scratch that lets their output lie over an input."""
    by_node = {id(step.node): step for step in steps}
    found = [
        (chain(graph, step.parts) or step) if step.parts else by_node[id(step.node)]
        for step in chosen.steps
    ]
    return replace(chosen, steps=tuple(found))


def _told(plan: RegionPlan, steps: Sequence[Step]) -> tuple[str, ...]:
    """What people are told: what is computed by rows, and how much is slow."""
    chains = tuple(
        f"computed nodes {step.parts[0].node.index} to {step.parts[-1].node.index} by rows: "
        f"{step.stream.row_calls:,} row calls"
        for step in steps
        if step.parts and step.stream is not None
    )
    if not plan.slow_bytes:
        return chains
    slow = [found for found in plan.tensors.values() if not found.fast]
    slow += [found for rings in plan.rings.values() for found in rings if not found.fast]
    count = "one tensor" if len(slow) == 1 else f"{len(slow)} tensors"
    return (
        *chains,
        f"put {count} into {plan.slow_bytes:,} B of slow memory: {plan.slow_traffic:,} of "
        f"{plan.traffic:,} B of an inference's traffic",
    )
