"""Prints a planned model as C99: numbers are computed here, the templates only place them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tinyflow import __version__, paths, render
from tinyflow.compiler.graph import Graph, Tensor
from tinyflow.compiler.memory import Plan, Step
from tinyflow.compiler.ops.op import Constant, KernelCall

if TYPE_CHECKING:
    from numpy.typing import NDArray

VALUES_PER_LINE = 96
ABI = 1
# Of each backend, and read by a header that the application may see.
BACKEND_HEADER = "tnf_backend.h"
NAME_PARTS = 3
NAME_LENGTH = 48


@dataclass(frozen=True)
class ArrayView:
    """A constant array as the template prints it."""

    symbol: str
    ctype: str
    length: int
    size_bytes: int
    comment: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class LayerView:
    """A kernel call as the template prints it. `fields` are the parameters' initialisers."""

    index: int
    comment: str
    params_type: str
    fields: tuple[tuple[str, str], ...]
    call: str
    output_offset: int
    output_bytes: int


@dataclass(frozen=True)
class ArenaRow:
    """A line of the arena table: where a tensor lies and from which layer to which it lives."""

    offset: int
    size: int
    first: str
    last: str
    name: str


@dataclass(frozen=True)
class TensorView:
    """A model input or output as the template prints it."""

    offset: int
    size: int
    shape: str
    scale: str
    zero_point: int


@dataclass(frozen=True)
class ModelContext:
    """Context of templates/model/*."""

    name: str
    upper: str
    tool_version: str
    abi: int
    source: str
    model_sha256: str
    sha256_bytes: str
    board: str
    backend: str
    arena_bytes: int
    scratch_bytes: int
    weights_bytes: int
    macs: int
    arrays: tuple[ArrayView, ...]
    layers: tuple[LayerView, ...]
    arena: tuple[ArenaRow, ...]
    input: TensorView
    output: TensorView


@dataclass(frozen=True)
class Lowered:
    """A step and the kernel call it became; None where the step moves nothing."""

    step: Step
    call: KernelCall | None
    macs: int


def float_text(value: float) -> str:
    """The shortest decimal that reads back as this float32, as a C literal."""
    text = str(np.float32(value))
    return (text if "e" in text or "." in text else text + ".0") + "f"


def shape_text(shape: Sequence[int]) -> str:
    """A shape as people write it: [1, 8, 8, 1]."""
    return "[" + ", ".join(str(dimension) for dimension in shape) + "]"


def comment_text(name: str) -> str:
    """A tensor's name as people read it, safe inside a C comment.

    Converters join the names of all they fused with `;` and prefix each with its path: the last
    parts of the first are what tells layers apart. Printable ASCII, no comment marks, bounded.
    """
    short = "/".join(name.partition(";")[0].split("/")[-NAME_PARTS:])
    clean = re.sub(r"[^\x20-\x7e]", "?", short).replace("*/", "* /").replace("/*", "/ *")
    clean = clean.replace("\\", "/").replace("??", "? ?")
    return clean if len(clean) <= NAME_LENGTH else f"...{clean[3 - NAME_LENGTH :]}"


def array_lines(values: NDArray[np.generic]) -> tuple[str, ...]:
    """The values as initialiser lines of at most about VALUES_PER_LINE characters."""
    lines: list[str] = []
    line = ""
    for value in values.reshape(-1).tolist():
        word = "INT32_MIN" if value == -(2**31) else str(int(value))
        if line and len(line) + len(word) + 2 > VALUES_PER_LINE:
            lines.append(line + ",")
            line = word
        else:
            line = f"{line}, {word}" if line else word
    return (*lines, line + ",") if line else ()


class _Arrays:
    """The constants of a model; equal ones are stored once."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._by_content: dict[tuple[str, bytes], ArrayView] = {}

    def symbol(self, constant: Constant, layer: int, layer_name: str) -> str:
        content = (constant.ctype, constant.data.tobytes())
        if content not in self._by_content:
            self._by_content[content] = ArrayView(
                f"{self._name}_{layer}_{constant.field}",
                constant.ctype,
                int(constant.data.size),
                constant.size_bytes,
                f"{constant.field} {shape_text(constant.data.shape)} of {layer_name}",
                array_lines(constant.data),
            )
        return self._by_content[content].symbol

    @property
    def views(self) -> tuple[ArrayView, ...]:
        return tuple(self._by_content.values())


def emit(
    graph: Graph,
    lowered: Sequence[Lowered],
    plan: Plan,
    *,
    name: str,
    source: Path,
    model_sha256: str,
    board: str,
    backend: str,
    folder: Path,
    templates: Sequence[Path],
) -> tuple[ModelContext, tuple[Path, ...], tuple[Path, ...]]:
    """Write `src` and `include` below `folder`; returns the context, sources and headers.

    Templates in the folders `templates` come before tinyflow's own.
    """
    arrays = _Arrays(name)
    layers: list[LayerView] = []
    for position, item in enumerate(lowered):
        if item.call is not None:
            layers.append(_layer(graph, item, item.call, position, plan, arrays, len(layers)))
    scratch = max((item.step.scratch_bytes for item in lowered), default=0)
    context = ModelContext(
        name=name,
        upper=name.upper(),
        tool_version=__version__,
        abi=ABI,
        source=comment_text(source.name),
        model_sha256=model_sha256,
        sha256_bytes=", ".join(f"0x{byte:02x}" for byte in bytes.fromhex(model_sha256)),
        board=board,
        backend=backend,
        arena_bytes=plan.arena_bytes,
        scratch_bytes=scratch,
        weights_bytes=sum(view.size_bytes for view in arrays.views),
        macs=sum(item.macs for item in lowered),
        arrays=arrays.views,
        layers=tuple(layers),
        arena=_arena_table(graph, lowered, plan),
        input=_tensor_view(graph.tensors[graph.inputs[0]], plan.offsets[graph.inputs[0]]),
        output=_tensor_view(graph.tensors[graph.outputs[0]], plan.offsets[graph.outputs[0]]),
    )
    include, src = folder / "include", folder / "src"
    include.mkdir(parents=True)
    src.mkdir(parents=True)
    for file, template in (
        (include / f"{name}.h", "model/model.h.j2"),
        (src / f"{name}.c", "model/model.c.j2"),
        (src / f"{name}_weights.h", "model/weights.h.j2"),
        (src / f"{name}_weights.c", "model/weights.c.j2"),
    ):
        file.write_text(render.render(template, context, templates), encoding="utf-8")
    _copy_kernels(lowered, backend, include, src)
    return context, tuple(sorted(src.glob("*.c"))), tuple(sorted(include.glob("*.h")))


def _copy_kernels(lowered: Sequence[Lowered], backend: str, include: Path, src: Path) -> None:
    firmware = paths.data_folder("firmware")
    for public in ("tnf_flash.h", "tnf_model.h"):
        shutil.copy(firmware / "include" / public, include)
    for header in sorted((firmware / "kernels" / "include").glob("*.h")):
        shutil.copy(header, include)
    kernels = firmware / "kernels" / backend
    for header in sorted(kernels.glob("*.h")):
        shutil.copy(header, include if header.name == BACKEND_HEADER else src)
    for stem in sorted({stem for item in lowered if item.call for stem in item.call.kernels}):
        shutil.copy(kernels / f"{stem}.c", src)


def _layer(
    graph: Graph,
    item: Lowered,
    call: KernelCall,
    position: int,
    plan: Plan,
    arrays: _Arrays,
    index: int,
) -> LayerView:
    step = item.step
    output = graph.tensors[step.writes]
    name = comment_text(output.name)
    fields = [(field, str(value)) for field, value in call.params]
    fields += [(c.field, arrays.symbol(c, index, name)) for c in call.constants]
    operands = [f"arena + {plan.offsets[tensor]}" for tensor in call.inputs]
    operands.append(f"arena + {plan.offsets[step.writes]}")
    if call.scratch_bytes:
        operands.append(f"arena + {plan.scratch_offsets[position]}")
    shapes = ", ".join(shape_text(graph.tensors[tensor].shape) for tensor in call.inputs)
    work = f", {item.macs} MACs" if item.macs else ""
    return LayerView(
        index=index,
        comment=f"{step.node.op} {name}: {shapes} -> {shape_text(output.shape)}{work}",
        params_type=call.params_type,
        fields=tuple(fields),
        call=f"{call.function}(&layer_{index}, {', '.join(operands)});",
        output_offset=plan.offsets[step.writes],
        output_bytes=output.size_bytes,
    )


def _arena_table(graph: Graph, lowered: Sequence[Lowered], plan: Plan) -> tuple[ArenaRow, ...]:
    born = dict.fromkeys(graph.inputs, "start")
    dies: dict[int, str] = {}
    names: list[str] = []
    index = 0
    for item in lowered:
        names.append(str(index) if item.call else "-")
        index += item.call is not None
    for name, item in zip(names, lowered, strict=True):
        born[item.step.writes] = name
        for tensor in item.step.reads:
            dies[tensor] = name
    for tensor in graph.outputs:
        dies[tensor] = "end"
    rows = [
        ArenaRow(
            plan.offsets[tensor],
            graph.tensors[tensor].size_bytes,
            first,
            dies.get(tensor, first),
            comment_text(graph.tensors[tensor].name),
        )
        for tensor, first in born.items()
    ]
    for position, item in enumerate(lowered):
        if item.step.scratch_bytes:
            at = names[position]
            rows.append(
                ArenaRow(
                    plan.scratch_offsets[position],
                    item.step.scratch_bytes,
                    at,
                    at,
                    f"scratch of layer {at}",
                )
            )
    return tuple(rows)


def _tensor_view(tensor: Tensor, offset: int) -> TensorView:
    quantization = tensor.quantization
    if quantization is None:
        raise ValueError(f"{tensor.name} has no scale")
    return TensorView(
        offset,
        tensor.size_bytes,
        shape_text(tensor.shape),
        float_text(quantization.scale),
        quantization.zero_point,
    )
