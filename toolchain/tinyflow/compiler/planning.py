"""From a .tflite to a proved program: everything but the printing."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinyflow.compiler.fit import check_graph
from tinyflow.compiler.graph import Graph
from tinyflow.compiler.memory.order import best_order
from tinyflow.compiler.packing import Backend, load_backend
from tinyflow.compiler.passes import fold_constants, shrink
from tinyflow.compiler.program import Program, link
from tinyflow.compiler.selection import Goal, select, variants_of
from tinyflow.compiler.steps import Step, lower
from tinyflow.compiler.streaming.choose import Chosen, choose, new_search
from tinyflow.compiler.streaming.compose import over_input
from tinyflow.compiler.streaming.proof import verify_streams
from tinyflow.compiler.streaming.spill import spill
from tinyflow.compiler.tflite_reader import read_tflite
from tinyflow.compiler.verify import verify_graph, verify_plan

LEAST_SCRATCH_BYTES = 256


@dataclass(frozen=True)
class Planned:
    """A model ready to be printed. `changes` tell what was done to it on the way."""

    program: Program
    changes: tuple[str, ...]


def read_graph(tflite: Path) -> Graph:
    """The file's graph, proved sound. What is constant is computed: such nodes may have operators
    that are not supported. Raises ModelError where the file is broken.
    """
    graph, _ = fold_constants(verify_graph(read_tflite(tflite), "reading"))
    return verify_graph(graph, "folding constants")


def checked_graph(tflite: Path) -> Graph:
    """The file's graph, where all of it can be compiled. Raises ModelError with all that cannot."""
    graph = read_graph(tflite)
    check_graph(graph, tflite)
    return graph


def plan_model(
    graph: Graph,
    name: str,
    *,
    backend: Backend | None = None,
    goal: Goal | None = None,
    shrinking: bool = True,
    ram_budget: int | None = None,
    least_ram: bool = False,
    slow_ram: bool = False,
) -> Planned:
    """The program of a checked graph, for symbols that begin with `name`; see compile_model.

    Without a `backend` it is the reference kernels. `goal` says which variants of it are wanted.
    """
    graph, changes = shrink(graph) if shrinking else (graph, ())
    steps, chosen = _selected(
        graph, backend or load_backend("ref"), goal or Goal(), ram_budget, least_ram
    )
    if slow_ram and ram_budget is not None and chosen.plan.arena_bytes > ram_budget:
        chosen = spill(graph, steps, chosen, ram_budget)
    verify_plan(graph, chosen.steps, chosen.plan)
    program = link(graph, chosen.steps, chosen.plan, name)
    verify_streams(graph, program.streams.values(), chosen.plan.arena_bytes)
    return Planned(program, (*(change.text for change in changes), *chosen.changes))


def _selected(
    graph: Graph, backend: Backend, goal: Goal, budget: int | None, least: bool
) -> tuple[Sequence[Step], Chosen]:
    """The steps by the variants that the goal asks for, and how they are computed.

    Where the arena exceeds the budget, or the least is wanted, variants with less scratch are
    tried, down to the operators' own kernels.
    """
    plain = lower(graph)
    variants = variants_of(graph, plain, backend)
    steps = select(backend, plain, variants, goal)
    best = steps, _least(graph, steps, budget, least)
    limit = max((step.scratch_bytes for step in steps), default=0)
    while limit and (least or (budget is not None and best[1].plan.arena_bytes > budget)):
        limit = limit // 2 if limit > LEAST_SCRATCH_BYTES else 0
        fewer = select(backend, plain, variants, goal, scratch_bytes=limit)
        if fewer == steps:
            continue
        steps = fewer
        tried = _least(graph, steps, budget, least)
        if tried.plan.arena_bytes < best[1].plan.arena_bytes:
            best = steps, tried
    return best


def _least(graph: Graph, steps: Sequence[Step], budget: int | None, least: bool) -> Chosen:
    """The steps and their plan, in another order than the file's where that saves activations."""
    search = new_search()
    usual = choose(graph, steps, budget=budget, least=least, search=search)
    order = best_order(graph, [over_input(graph, step) for step in steps])
    if order == tuple(range(len(steps))):
        return usual
    sorted_steps = [steps[position] for position in order]
    other = choose(graph, sorted_steps, budget=budget, least=least, search=search)
    saved = usual.plan.activation_bytes - other.plan.activation_bytes
    if saved <= 0 or other.plan.arena_bytes > usual.plan.arena_bytes:
        return usual
    told = f"put the nodes in another order: {saved:,} B of activations less"
    return dataclasses.replace(other, changes=(told, *other.changes))
