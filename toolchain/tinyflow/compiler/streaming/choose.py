"""Which layers are computed by rows, so that the model needs less memory.

A layer over its own input by rows costs a copy of the input; it is taken wherever it lowers the
plan. A chain costs a kernel call for every row of its layers; chains are formed where the arena
would otherwise exceed a budget, or wherever they help when the least memory is asked for. Neither
costs a MAC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinyflow.compiler.graph import Graph
from tinyflow.compiler.memory import Plan, plan_memory
from tinyflow.compiler.memory.exact import Budget
from tinyflow.compiler.memory.solve import WORK
from tinyflow.compiler.steps import Step
from tinyflow.compiler.streaming.compose import MAX_STAGES, chain, over_input

MOST_CHAINS = 32
MOST_STEPS = 400


@dataclass(frozen=True)
class Chosen:
    """Steps and their plan. `changes` tell what is computed by rows."""

    steps: tuple[Step, ...]
    plan: Plan
    changes: tuple[str, ...] = ()


def choose(
    graph: Graph,
    steps: Sequence[Step],
    *,
    budget: int | None = None,
    least: bool = False,
    search: Budget | None = None,
) -> Chosen:
    """The steps, of which some are computed by rows, and their plan.

    `budget` is what the arena may take, in bytes; None is without a limit. With `least`, chains
    lower the arena as far as they can. `search` bounds the work of all plans together; without one
    it is new_search.
    """
    search = search or new_search()
    plain = Chosen(tuple(steps), _plan(graph, steps, search))
    streamed = tuple(over_input(graph, step) for step in steps)
    lapped = Chosen(streamed, _plan(graph, streamed, search))
    best = min(plain, lapped, key=_size)
    if least or (budget is not None and best.plan.arena_bytes > budget):
        chained = _chained(graph, lapped, None if least else budget, search)
        best = min(best, chained, key=_size)
    best = _without_needless(graph, best, plain.steps, search)
    return Chosen(best.steps, best.plan, _told(graph, best, plain, search))


def _chained(graph: Graph, start: Chosen, budget: int | None, search: Budget) -> Chosen:
    """With chains where the most is needed, until the budget is kept or nothing is gained.

    There are at most MOST_CHAINS, and none among more than MOST_STEPS.
    """
    best = current = start
    for _ in range(MOST_CHAINS if len(start.steps) <= MOST_STEPS else 0):
        if budget is not None and best.plan.arena_bytes <= budget:
            break
        steps = _next_chain(graph, current.steps)
        if steps is None:
            break
        current = Chosen(steps, _plan(graph, steps, search))
        best = min(best, current, key=_size)
    return best


def _without_needless(
    graph: Graph, chosen: Chosen, plain: Sequence[Step], search: Budget
) -> Chosen:
    """Without chains and rows over inputs where no more memory is needed."""
    needed = chosen.plan.activation_bytes
    for step in [step for step in chosen.steps if step.parts]:
        undone = _undone(graph, chosen, step, search)
        chosen = undone if _no_worse(undone, chosen) else chosen
    by_node = {id(step.node): step for step in plain}
    steps = [step if step.parts else by_node[id(step.node)] for step in chosen.steps]
    beside = live_bytes(graph, steps)
    both = zip(steps, chosen.steps, beside, strict=True)
    mixed = tuple(step if size <= needed else rows for step, rows, size in both)
    found = Chosen(mixed, _plan(graph, mixed, search))
    return found if _no_worse(found, chosen) else chosen


def new_search() -> Budget:
    """How much work all plans of a model may take to search for the least arena."""
    return Budget(2 * WORK)


def _plan(graph: Graph, steps: Sequence[Step], search: Budget) -> Plan:
    """A plan for which a quarter of the work that is left may be done."""
    granted = search.part(search.left // 4)
    plan = plan_memory(graph, steps, granted)
    search.left += max(0, granted.left)
    return plan


def _no_worse(found: Chosen, chosen: Chosen) -> bool:
    plan, best = found.plan, chosen.plan
    return plan.activation_bytes <= best.activation_bytes and plan.arena_bytes <= best.arena_bytes


def _undone(graph: Graph, chosen: Chosen, chain: Step, search: Budget) -> Chosen:
    """With the layers of a chain one by one."""
    steps = tuple(_unchained(chosen.steps, chain))
    return Chosen(steps, _plan(graph, steps, search))


def _size(chosen: Chosen) -> tuple[int, int]:
    return chosen.plan.arena_bytes, chosen.plan.activation_bytes


def _next_chain(graph: Graph, steps: tuple[Step, ...]) -> tuple[Step, ...] | None:
    """The steps with a chain in place of those around the one that needs the most memory.

    It is the chain after which these steps need the least; of equal ones, that with the fewest
    calls.
    """
    live = live_bytes(graph, steps)
    peak = max(range(len(steps)), key=lambda position: live[position])
    best: tuple[tuple[int, int], tuple[Step, ...]] | None = None
    for first in range(max(0, peak - MAX_STAGES + 1), peak + 1):
        for end in range(max(first + 1, peak + 1), min(len(steps), first + MAX_STAGES) + 1):
            run = _unchained(steps[first:end])
            for copied in (False, True):
                made = chain(graph, run, copied=copied)
                if made is None or made.stream is None:
                    continue
                tried = (*steps[:first], made, *steps[end:])
                cost = (live_bytes(graph, tried)[first], made.stream.row_calls)
                if cost[0] < live[peak] and (best is None or cost < best[0]):
                    best = (cost, tried)
    return None if best is None else best[1]


def _unchained(steps: Sequence[Step], chain: Step | None = None) -> list[Step]:
    """The steps with the layers of `chain` one by one, or of all chains."""
    found: list[Step] = []
    for step in steps:
        wanted = step.parts and (chain is None or step is chain)
        found += step.parts if wanted else (step,)
    return found


def live_bytes(graph: Graph, steps: Sequence[Step]) -> list[int]:
    """For each step, the bytes that must be in the arena at least while it runs, without scratch.

    Of inputs that nobody reads afterwards, the largest saving is taken for what its output may
    share with it.
    """
    last: dict[int, int] = {}
    for position, step in enumerate(steps):
        last |= dict.fromkeys(step.reads, position)
    kept = (*graph.outputs, *(state.tensor for state in graph.states))
    last |= dict.fromkeys(kept, len(steps))
    size = [tensor.size_bytes for tensor in graph.tensors]
    alive = {*graph.inputs, *(state.tensor for state in graph.states)}
    found: list[int] = []
    for position, step in enumerate(steps):
        alive |= set(step.writes)
        shared = [
            _shared(size[lap.input], size[lap.output], lap.reach)
            for lap in step.overlaps
            if last.get(lap.input) == position
        ]
        shared += [size[view.part] for view in step.views if last.get(step.reads[0]) == position]
        total = sum(size[tensor] for tensor in alive) + sum(step.rings)
        found.append(total - max(shared, default=0))
        alive = {tensor for tensor in alive if last.get(tensor, -1) > position}
    return found


def _shared(source: int, output: int, reach: int) -> int:
    """How many bytes an output may have in common with an input, at most."""
    offset = min(reach, max(0, source - output))
    return max(0, min(source, offset + output) - max(0, offset))


def _told(graph: Graph, chosen: Chosen, plain: Chosen, search: Budget) -> tuple[str, ...]:
    """What people are told: what rows save, and what they cost."""
    told = []
    for step in chosen.steps:
        if step.stream is not None and step.parts:
            nodes = [part.node.index for part in step.parts]
            more = _undone(graph, chosen, step, search).plan.activation_bytes
            saved = more - chosen.plan.activation_bytes
            told.append(
                f"computed nodes {nodes[0]} to {nodes[-1]} by rows: {saved:,} B less, "
                f"{step.stream.row_calls:,} row calls"
            )
    lapped = sum(step.stream is not None and not step.parts for step in chosen.steps)
    if lapped:
        layers = "one layer" if lapped == 1 else f"{lapped} layers"
        told.append(f"let {layers} write over the input by rows")
    if told:
        saved = plain.plan.activation_bytes - chosen.plan.activation_bytes
        told.append(f"rows save {saved:,} B of activations")
    return tuple(told)
