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
from tinyflow.compiler.packing import load_backend
from tinyflow.compiler.planning import plan_model, read_graph
from tinyflow.compiler.program import Program
from tinyflow.compiler.selection import Goal

WORD = 4


def survey(
    tflite: Path,
    *,
    name: str | None = None,
    backend: str = "ref",
    goal: Goal | None = None,
    ram_budget: int | None = None,
    least_ram: bool = False,
    slow_ram: bool = False,
) -> Survey | tuple[Finding, ...]:
    """The figures of a .tflite, or all that keeps it from being compiled; see compile_model.

    Raises ModelError where the file is broken.
    """
    prefix = symbol_name(tflite) if name is None else checked_prefix(name)
    graph = read_graph(tflite)
    findings = find(graph)
    if findings:
        return tuple(findings)
    source = load_backend(backend)
    planned = plan_model(
        graph,
        prefix,
        backend=source,
        goal=goal,
        ram_budget=ram_budget,
        least_ram=least_ram,
        slow_ram=slow_ram,
    )
    program = planned.program
    graph, plan = program.graph, program.plan
    return Survey(
        name=prefix,
        model_sha256=hashlib.sha256(tflite.read_bytes()).hexdigest(),
        backend=backend,
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
        kernels=tuple(sorted(needed_kernels(program, source))),
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
