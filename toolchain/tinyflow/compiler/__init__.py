"""The compiler: a .tflite becomes C99 that computes the same bytes.

Read, check, rewrite, lower, plan, print; graph and plan are proved after every step.
"""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tinyflow.artifacts import CompiledModel, TensorSpec
from tinyflow.compiler.emit import emit
from tinyflow.compiler.figures import arena_blocks, busiest, layer_infos, spec, told_layers
from tinyflow.compiler.fit import arena_budget, check_fits
from tinyflow.compiler.naming import checked_prefix, symbol_name
from tinyflow.compiler.packing import load_backend
from tinyflow.compiler.planning import Planner, checked_graph
from tinyflow.compiler.selection import Goal
from tinyflow.compiler.survey import Surveyor

__all__ = [
    "Goal",
    "Surveyor",
    "arena_budget",
    "check_fits",
    "compile_model",
    "input_output",
    "symbol_name",
]


def compile_model(
    tflite: Path,
    *,
    folder: Path,
    name: str | None = None,
    board: str = "native",
    backend: str = "ref",
    goal: Goal | None = None,
    templates: Sequence[Path] = (),
    shrinking: bool = True,
    ram_budget: int | None = None,
    least_ram: bool = False,
    slow_ram: bool = False,
) -> CompiledModel:
    """Compile a .tflite into C sources below `folder`, which is created.

    `name` is the C prefix; by default it is made from the file's name. `board` is only told in
    the provenance; `backend` chooses the kernels, `goal` which of their variants are wanted, by
    default balanced between speed and flash; templates in the folders `templates` come before
    tinyflow's own. Without `shrinking` every node becomes C as it is in the file. Where the arena
    would take more than `ram_budget` bytes, chains of layers are computed by rows; with `least_ram`
    wherever that takes fewer. Where it still would, and there is `slow_ram`, tensors with little
    traffic lie there, in memory of the model's own. Raises ModelError when the file is broken or
    has operators or shapes that are not supported, all of them at once.
    """
    prefix = symbol_name(tflite) if name is None else checked_prefix(name)
    sha256 = hashlib.sha256(tflite.read_bytes()).hexdigest()
    kernels = load_backend(backend)
    planned = Planner(checked_graph(tflite), shrinking=shrinking).plan(
        prefix,
        backend=kernels,
        goal=goal,
        ram_budget=ram_budget,
        least_ram=least_ram,
        slow_ram=slow_ram,
    )
    program = planned.program
    graph, plan = program.graph, program.plan
    emitted = emit(
        program,
        source=tflite,
        model_sha256=sha256,
        board=board,
        backend=kernels,
        folder=folder,
        templates=templates,
    )
    kept = folder / f"{prefix}.tflite"
    shutil.copyfile(tflite, kept)
    return CompiledModel(
        name=prefix,
        path=folder,
        model=kept,
        model_sha256=sha256,
        backend=backend,
        sources=emitted.sources,
        headers=emitted.headers,
        host_sources=emitted.host_sources,
        arena_bytes=plan.fast_bytes,
        activation_bytes=plan.activation_bytes,
        state_bytes=program.state_bytes,
        scratch_bytes=emitted.context.scratch_bytes,
        weights_bytes=emitted.context.weights_bytes,
        macs=emitted.context.macs,
        inputs=tuple(spec(graph.tensors[tensor]) for tensor in graph.inputs),
        outputs=tuple(spec(graph.tensors[tensor]) for tensor in graph.outputs),
        layers=layer_infos(program),
        operators=dict(sorted(Counter(node.op for node in graph.nodes).items())),
        busiest=busiest(program),
        changes=planned.changes,
        slow_bytes=plan.slow_bytes,
        told=told_layers(program),
        arena=arena_blocks(program),
    )


def input_output(tflite: Path) -> tuple[TensorSpec, TensorSpec]:
    """The model's first input and output. Raises ModelError where it cannot be compiled."""
    graph = checked_graph(tflite)
    return spec(graph.tensors[graph.inputs[0]]), spec(graph.tensors[graph.outputs[0]])
