"""The compiler: a .tflite becomes C99 that computes the same bytes.

Read, check, rewrite, lower, plan, print; graph and plan are proved after every step.
"""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tinyflow.artifacts import CompiledModel, LayerInfo, LayerOutput, TensorSpec
from tinyflow.compiler.emit import emit
from tinyflow.compiler.fit import arena_budget, check_fits
from tinyflow.compiler.graph import Tensor
from tinyflow.compiler.memory import lower_bound
from tinyflow.compiler.naming import checked_prefix, comment_text, shape_text, symbol_name
from tinyflow.compiler.planning import checked_graph, plan_model
from tinyflow.compiler.program import Program

__all__ = ["arena_budget", "check_fits", "compile_model", "input_output", "symbol_name"]


def compile_model(
    tflite: Path,
    *,
    folder: Path,
    name: str | None = None,
    board: str = "native",
    backend: str = "ref",
    templates: Sequence[Path] = (),
    shrinking: bool = True,
    ram_budget: int | None = None,
    least_ram: bool = False,
) -> CompiledModel:
    """Compile a .tflite into C sources below `folder`, which is created.

    `name` is the C prefix; by default it is made from the file's name. `board` is only told in
    the provenance; `backend` chooses the kernels; templates in the folders `templates` come before
    tinyflow's own. Without `shrinking` every node becomes C as it is in the file. Where the arena
    would take more than `ram_budget` bytes, chains of layers are computed by rows; with `least_ram`
    wherever that takes fewer. Raises ModelError when the file is broken or has operators or shapes
    that are not supported, all of them at once.
    """
    prefix = symbol_name(tflite) if name is None else checked_prefix(name)
    sha256 = hashlib.sha256(tflite.read_bytes()).hexdigest()
    planned = plan_model(
        checked_graph(tflite),
        prefix,
        shrinking=shrinking,
        ram_budget=ram_budget,
        least_ram=least_ram,
    )
    program = planned.program
    graph, plan = program.graph, program.plan
    context, sources, headers = emit(
        program,
        source=tflite,
        model_sha256=sha256,
        board=board,
        backend=backend,
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
        sources=sources,
        headers=headers,
        arena_bytes=plan.arena_bytes,
        activation_bytes=plan.activation_bytes,
        state_bytes=program.state_bytes,
        scratch_bytes=context.scratch_bytes,
        weights_bytes=context.weights_bytes,
        macs=context.macs,
        inputs=tuple(_spec(graph.tensors[tensor]) for tensor in graph.inputs),
        outputs=tuple(_spec(graph.tensors[tensor]) for tensor in graph.outputs),
        layers=_layers(program),
        operators=dict(sorted(Counter(node.op for node in graph.nodes).items())),
        busiest=busiest(program),
        changes=planned.changes,
    )


def input_output(tflite: Path) -> tuple[TensorSpec, TensorSpec]:
    """The model's first input and output. Raises ModelError where it cannot be compiled."""
    graph = checked_graph(tflite)
    return _spec(graph.tensors[graph.inputs[0]]), _spec(graph.tensors[graph.outputs[0]])


def _layers(program: Program) -> tuple[LayerInfo, ...]:
    return tuple(
        LayerInfo(
            index=layer.index,
            node=layer.node.index,
            name=comment_text(layer.outputs[0].tensor.name),
            op=layer.node.op,
            macs=layer.macs,
            outputs=tuple(
                LayerOutput(
                    name=comment_text(placed.tensor.name),
                    shape=placed.tensor.shape,
                    dtype=placed.tensor.dtype,
                    arena_offset=placed.offset,
                    origin=placed.tensor.origin,
                    channels=placed.tensor.channels,
                )
                for placed in layer.outputs
            ),
            scratch_bytes=layer.scratch_bytes,
        )
        for layer in program.layers
    )


def _spec(tensor: Tensor) -> TensorSpec:
    found = tensor.quantization
    scale, zero_point = (found.scale, found.zero_point) if found is not None else (0.0, 0)
    if tensor.dtype not in ("int8", "int16"):
        scale, zero_point = 0.0, 0
    return TensorSpec(tensor.name, tensor.shape, scale, zero_point, tensor.dtype)


def busiest(program: Program) -> str:
    """Where the arena is fullest, and what is in it there."""
    graph, steps = program.graph, program.steps
    position, _ = lower_bound(graph, steps, program.plan)
    step = steps[position]
    parts = [
        f"{comment_text(graph.tensors[t].name)} {graph.tensors[t].size_bytes:,} B"
        for t in dict.fromkeys((*step.reads, *step.writes))
    ]
    if step.rings:
        parts.append(f"rows between layers {sum(step.rings):,} B")
    if step.scratch_bytes:
        parts.append(f"scratch {step.scratch_bytes:,} B")
    written = (*step.writes, *step.updates)[0]
    shape = shape_text(graph.tensors[written].shape)
    first = f"nodes {step.parts[0].node.index} to" if step.parts else "node"
    return f"{first} {step.node.index} {step.node.op} {shape}: {' + '.join(parts)}"
