"""The compiler: a .tflite becomes C99 that computes the same bytes.

Read, check, rewrite, lower, plan, print; graph and plan are proved after every step.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tinyflow.artifacts import CompiledModel, LayerInfo, TensorSpec
from tinyflow.boards import BoardProfile
from tinyflow.compiler.emit import Lowered, comment_text, emit, shape_text
from tinyflow.compiler.graph import Graph, Tensor
from tinyflow.compiler.memory import Plan, Step, lower_bound, plan_memory
from tinyflow.compiler.ops import OPS, check_node
from tinyflow.compiler.passes import PASSES
from tinyflow.compiler.tflite_reader import read_tflite
from tinyflow.compiler.verify import verify_graph, verify_plan
from tinyflow.errors import ModelError, ProjectError

MAX_ARENA_BYTES = 1 << 28
# What <name>.h, lib<name>.a or a build target <name> would be taken for.
# fmt: off
TAKEN_NAMES = frozenset(
    {"assert", "complex", "ctype", "errno", "fenv", "float", "inttypes", "iso646", "limits",
     "locale", "math", "setjmp", "signal", "stdarg", "stdbool", "stddef", "stdint", "stdio",
     "stdlib", "string", "strings", "tgmath", "time", "unistd", "wchar", "wctype",
     "c", "g", "gcc", "m", "nosys", "all", "clean", "help", "install", "package", "test"}
)
# fmt: on
__all__ = ["check_fits", "compile_model", "input_output", "symbol_name"]


def compile_model(
    tflite: Path,
    *,
    folder: Path,
    name: str | None = None,
    board: str = "native",
    backend: str = "ref",
    templates: Sequence[Path] = (),
) -> CompiledModel:
    """Compile a .tflite into C sources below `folder`, which is created.

    `name` is the C prefix; by default it is made from the file's name. `board` is only told in
    the provenance; `backend` chooses the kernels; templates in the folders `templates` come before
    tinyflow's own. Raises ModelError when
    the file is broken or has operators or shapes that are not supported, all of them at once.
    """
    prefix = symbol_name(tflite) if name is None else name
    if not _is_prefix(prefix):
        raise ProjectError(
            f"{prefix!r} cannot be the name of a model in C",
            [
                "letters, digits and underscores, a letter first, 64 at most",
                "not tnf_..., and not the name of a header of C",
            ],
            [f"--name {symbol_name(Path(prefix))}"],
        )
    sha256 = hashlib.sha256(tflite.read_bytes()).hexdigest()
    graph = verify_graph(read_tflite(tflite), "reading")
    _check(graph, tflite)
    for rewrite in PASSES:
        graph = verify_graph(rewrite(graph), rewrite.__name__)
    lowered = [_lower(graph, position) for position in range(len(graph.nodes))]
    steps = [item.step for item in lowered]
    plan = plan_memory(graph, steps)
    verify_plan(graph, steps, plan, {i: step.may_share for i, step in enumerate(steps)})
    context, sources, headers = emit(
        graph,
        lowered,
        plan,
        name=prefix,
        source=tflite,
        model_sha256=sha256,
        board=board,
        backend=backend,
        folder=folder,
        templates=templates,
    )
    kept = folder / f"{prefix}.tflite"
    shutil.copyfile(tflite, kept)
    called = [item for item in lowered if item.call is not None]
    return CompiledModel(
        name=prefix,
        path=folder,
        model=kept,
        model_sha256=sha256,
        backend=backend,
        sources=sources,
        headers=headers,
        arena_bytes=plan.arena_bytes,
        scratch_bytes=context.scratch_bytes,
        weights_bytes=context.weights_bytes,
        macs=context.macs,
        input=_spec(graph.tensors[graph.inputs[0]]),
        output=_spec(graph.tensors[graph.outputs[0]]),
        layers=tuple(_layer(graph, item, i, plan) for i, item in enumerate(called)),
        operators=dict(sorted(Counter(node.op for node in graph.nodes).items())),
        busiest=_busiest(graph, steps, plan),
    )


def check_fits(compiled: CompiledModel, board: BoardProfile) -> None:
    """Raise ModelError when the model cannot fit the board, before anything is built.

    Only what is certain is checked here: the arena with the stack against RAM, the weights
    against flash. The builder checks the whole image.
    """
    memory = board.memory
    room = memory.ram_bytes - memory.stack_bytes
    findings = []
    if compiled.arena_bytes > room:
        findings += [
            f"{compiled.arena_bytes:,} B of arena, board {board.name} has {room:,} B of RAM "
            f"beside its {memory.stack_bytes:,} B of stack",
            f"busiest at {compiled.busiest}",
        ]
    if compiled.weights_bytes > memory.flash_bytes:
        findings.append(
            f"{compiled.weights_bytes:,} B of weights, board {board.name} has "
            f"{memory.flash_bytes:,} B of flash"
        )
    if findings:
        raise ModelError(
            f"model {compiled.name} does not fit board {board.name}",
            findings,
            ["tinyflow boards"],
        )


def input_output(tflite: Path) -> tuple[TensorSpec, TensorSpec]:
    """The model's input and output. Raises ModelError where it cannot be compiled."""
    graph = read_tflite(tflite)
    _check(graph, tflite)
    return _spec(graph.tensors[graph.inputs[0]]), _spec(graph.tensors[graph.outputs[0]])


def symbol_name(tflite: Path) -> str:
    """A C identifier made from a file's name: kws_ref_model.tflite gives kws_ref_model."""
    name = re.sub(r"[^a-z0-9_]", "_", tflite.stem.lower())[:40].strip("_")
    return name if _is_prefix(name) else f"model_{name}".strip("_")


def _is_prefix(name: str) -> bool:
    """Whether C symbols and a header may be named so without meeting anybody else's."""
    shape = re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,63}", name) is not None
    return shape and not name.lower().startswith("tnf_") and name.lower() not in TAKEN_NAMES


def _check(graph: Graph, source: Path) -> None:
    findings = []
    for what, tensors in (("input", graph.inputs), ("output", graph.outputs)):
        if len(tensors) != 1:
            findings.append(f"{len(tensors)} {what}s, tinyflow compiles models with one")
        for index in tensors:
            tensor = graph.tensors[index]
            per_tensor = tensor.quantization is not None and len(tensor.quantization.scales) == 1
            if tensor.dtype != "int8" or not per_tensor:
                findings.append(
                    f"{what} {comment_text(tensor.name)} is {tensor.dtype}"
                    f"{'' if per_tensor else ' without one scale'}: it must be quantised int8"
                )
            if tensor.data is not None:
                findings.append(f"{what} {comment_text(tensor.name)} is a constant")
            if tensor.size_bytes > MAX_ARENA_BYTES:
                findings.append(f"{what} {comment_text(tensor.name)} has {tensor.size_bytes:,} B")
    for node in graph.nodes:
        layer = comment_text(graph.output(node).name) if node.outputs else "no output"
        where = f"node {node.index} {comment_text(node.op)} ({layer})"
        if node.op not in OPS:
            findings.append(f"{where}: the operator is not supported")
        else:
            findings += [f"{where}: {finding}" for finding in check_node(graph, node)]
    if not graph.nodes:
        findings.append("no operators")
    if findings:
        count = "one thing" if len(findings) == 1 else f"{len(findings)} things"
        raise ModelError(
            f"{source.name} has {count} that tinyflow cannot compile",
            findings,
            [f"supported operators: {', '.join(sorted(OPS))}"],
        )
    total = sum(t.size_bytes for t in graph.tensors if t.data is None)
    if total > MAX_ARENA_BYTES:
        raise ModelError(
            f"{source.name} has {total:,} B of activations, the limit is {MAX_ARENA_BYTES:,} B"
        )


def _lower(graph: Graph, position: int) -> Lowered:
    node = graph.nodes[position]
    op = OPS[node.op]
    call = op.lower(graph, node)
    if call is None:
        return Lowered(Step(node, (node.inputs[0],), node.outputs[0], moves_nothing=True), None, 0)
    step = Step(
        node,
        call.inputs,
        node.outputs[0],
        scratch_bytes=call.scratch_bytes,
        may_share=op.in_place(graph, node),
    )
    return Lowered(step, call, op.macs(graph, node))


def _layer(graph: Graph, item: Lowered, index: int, plan: Plan) -> LayerInfo:
    output = graph.tensors[item.step.writes]
    return LayerInfo(
        index=index,
        node=item.step.node.index,
        name=comment_text(output.name),
        op=item.step.node.op,
        macs=item.macs,
        output_shape=output.shape,
        arena_offset=plan.offsets[item.step.writes],
        scratch_bytes=item.step.scratch_bytes,
    )


def _spec(tensor: Tensor) -> TensorSpec:
    quantization = tensor.quantization
    if quantization is None:
        raise ValueError(f"{tensor.name} has no scale")
    return TensorSpec(tensor.name, tensor.shape, quantization.scale, quantization.zero_point)


def _busiest(graph: Graph, steps: list[Step], plan: Plan) -> str:
    position, _ = lower_bound(graph, steps, plan)
    step = steps[position]
    parts = [
        f"{comment_text(graph.tensors[t].name)} {graph.tensors[t].size_bytes:,} B"
        for t in dict.fromkeys((*step.reads, step.writes))
    ]
    if step.scratch_bytes:
        parts.append(f"scratch {step.scratch_bytes:,} B")
    shape = shape_text(graph.tensors[step.writes].shape)
    return f"node {step.node.index} {step.node.op} {shape}: {' + '.join(parts)}"
