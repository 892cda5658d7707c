"""From a .tflite to a proved program: everything but the printing."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinyflow.compiler.fit import check_graph
from tinyflow.compiler.graph import Graph
from tinyflow.compiler.memory.order import best_order
from tinyflow.compiler.packing import Backend, Variant, load_backend
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
SLIM_SHARE = 0.5
"""Of the arena: what it must come down to for kernels without scratch, which are slow."""


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


class Planner:
    """Plans of one checked graph: for several backends and budgets without doing anything twice.

    Without `shrinking` every node stays as it is in the file.
    """

    def __init__(self, graph: Graph, *, shrinking: bool = True) -> None:
        self.graph, changes = shrink(graph) if shrinking else (graph, ())
        self._changes = tuple(change.text for change in changes)
        self._plain = lower(self.graph)
        self._variants: dict[str, list[list[Variant]]] = {}
        self._arranged: dict[tuple[object, ...], Chosen] = {}

    def plan(
        self,
        name: str,
        *,
        backend: Backend | None = None,
        goal: Goal | None = None,
        ram_budget: int | None = None,
        least_ram: bool = False,
        slow_ram: bool = False,
    ) -> Planned:
        """The program for symbols that begin with `name`; see compile_model.

        Without a `backend` it is the reference kernels. `goal` says which of its variants are
        wanted.
        """
        graph = self.graph
        backend = backend or load_backend("ref")
        found = self._arrangements(backend, goal or Goal(), ram_budget, least_ram)
        chosen = min((chosen for _, chosen in found), key=lambda one: one.plan.arena_bytes)
        if ram_budget is None or found[-1][1].plan.arena_bytes <= ram_budget:
            chosen = found[-1][1]
        elif slow_ram:
            chosen = self._spilled(found, ram_budget) or chosen
        verify_plan(graph, chosen.steps, chosen.plan)
        program = link(graph, chosen.steps, chosen.plan, name)
        verify_streams(graph, program.streams.values(), chosen.plan.arena_bytes)
        return Planned(program, (*self._changes, *chosen.changes))

    def _arrangements(
        self, backend: Backend, goal: Goal, budget: int | None, least: bool
    ) -> list[tuple[Sequence[Step], Chosen]]:
        """The steps by the variants that the goal asks for, and how they are computed.

        The last keeps the budget, where one does: variants with less and less scratch are tried,
        down to the operators' own kernels. Where the least is wanted, these are taken if they save
        much: they are slow.
        """
        if backend.name not in self._variants:
            self._variants[backend.name] = variants_of(self.graph, self._plain, backend)
        variants = self._variants[backend.name]
        steps = select(backend, self._plain, variants, goal)
        found: list[tuple[Sequence[Step], Chosen]] = [
            (steps, self._arrange(backend, steps, budget, least))
        ]
        limit = max((step.scratch_bytes for step in steps), default=0)
        if least and limit:
            slim = select(backend, self._plain, variants, goal, scratch_bytes=0)
            tried = self._arrange(backend, slim, budget, least)
            if tried.plan.arena_bytes < SLIM_SHARE * found[0][1].plan.arena_bytes:
                found.append((slim, tried))
        while limit and budget is not None and found[-1][1].plan.arena_bytes > budget:
            limit = limit // 2 if limit > LEAST_SCRATCH_BYTES else 0
            fewer = select(backend, self._plain, variants, goal, scratch_bytes=limit)
            if fewer != found[-1][0]:
                found.append((fewer, self._arrange(backend, fewer, budget, least)))
        return found

    def _spilled(
        self, found: Sequence[tuple[Sequence[Step], Chosen]], budget: int
    ) -> Chosen | None:
        """The first arrangement that keeps the budget with tensors in slow memory."""
        for steps, chosen in found:
            spilled = spill(self.graph, steps, chosen, budget)
            if spilled.plan.fast_bytes <= budget:
                return spilled
        return None

    def _arrange(
        self, backend: Backend, steps: Sequence[Step], budget: int | None, least: bool
    ) -> Chosen:
        """`_least` of the steps, which are the backend's; a budget that is kept changes nothing."""
        names = tuple(step.variant for step in steps)
        for asked in (None, budget):
            key = (backend.name, names, asked, least)
            if key not in self._arranged:
                self._arranged[key] = _least(self.graph, steps, asked, least)
            if budget is None or self._arranged[key].plan.arena_bytes <= budget:
                break
        return self._arranged[key]


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
