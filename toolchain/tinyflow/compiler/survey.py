"""A model's figures, without writing or building anything."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

from tinyflow.artifacts import CodeParts, Finding, Survey
from tinyflow.compiler.emit import needed_kernels
from tinyflow.compiler.figures import busiest, spec
from tinyflow.compiler.fit import find
from tinyflow.compiler.naming import checked_prefix, symbol_name
from tinyflow.compiler.packing import Backend, load_backend
from tinyflow.compiler.planning import Planned, Planner, read_graph
from tinyflow.compiler.program import Program
from tinyflow.compiler.selection import Goal

WORD = 4


class Surveyor:
    """Tells the figures of a .tflite, as `name`, for any number of boards.

    `findings` are what keeps it from being compiled; where there are any, there are no figures.
    Raises ModelError where the file is broken.
    """

    def __init__(self, tflite: Path, *, name: str | None = None) -> None:
        self._name = symbol_name(tflite) if name is None else checked_prefix(name)
        self._sha256 = hashlib.sha256(tflite.read_bytes()).hexdigest()
        graph = read_graph(tflite)
        self.findings: tuple[Finding, ...] = tuple(find(graph))
        self._planner = None if self.findings else Planner(graph)

    def survey(
        self,
        *,
        backend: str = "ref",
        goal: Goal | None = None,
        ram_budget: int | None = None,
        least_ram: bool = False,
        slow_ram: bool = False,
    ) -> Survey:
        """The figures; see compile_model. Raises ValueError where there are findings."""
        if self._planner is None:
            raise ValueError(f"{self._name} cannot be compiled")
        source = load_backend(backend)
        planned = self._planner.plan(
            self._name,
            backend=source,
            goal=goal,
            ram_budget=ram_budget,
            least_ram=least_ram,
            slow_ram=slow_ram,
        )
        return self._figures(planned, source)

    def _figures(self, planned: Planned, backend: Backend) -> Survey:
        program = planned.program
        graph, plan = program.graph, program.plan
        return Survey(
            name=self._name,
            model_sha256=self._sha256,
            backend=backend.name,
            macs=program.macs,
            weights_bytes=program.weights_bytes,
            arena_bytes=plan.fast_bytes,
            activation_bytes=plan.activation_bytes,
            state_bytes=program.state_bytes,
            scratch_bytes=program.scratch_bytes,
            layers=len(program.layers),
            inputs=tuple(spec(graph.tensors[tensor]) for tensor in graph.inputs),
            outputs=tuple(spec(graph.tensors[tensor]) for tensor in graph.outputs),
            operators=dict(sorted(Counter(node.op for node in graph.nodes).items())),
            changes=planned.changes,
            busiest=busiest(program),
            kernels=tuple(sorted(needed_kernels(program, backend))),
            params=dict(sorted(Counter(call.params_type for call in program.calls).items())),
            padding_bytes=sum(-size % WORD for size in program.array_bytes),
            code=_code(program),
            slow_bytes=plan.slow_bytes,
        )


def _code(program: Program) -> CodeParts:
    streamed = {
        first + i
        for first, placed in program.streams.items()
        for i in range(len(placed.stream.stages))
    }
    plain = [layer for layer in program.layers if layer.index not in streamed]
    calls = [placed for layer in plain for placed in layer.calls]
    streams = [placed.stream for placed in program.streams.values()]
    return CodeParts(
        calls=len(calls),
        operands=sum(len(p.inputs) + len(p.outputs) + (p.call.scratch_bytes > 0) for p in calls),
        told=sum(len(layer.outputs) for layer in plain)
        + sum(len(stream.stages) for stream in streams),
        streams=len(streams),
        stages=sum(len(stream.stages) for stream in streams),
        rings=sum(len(stream.rings) for stream in streams),
        copies=sum(len(stream.copies) for stream in streams),
        resets=len(program.resets),
    )
