"""Prints a planned model as C99: numbers are computed here, the templates only place them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tinyflow import __version__, render
from tinyflow.compiler.copying import copy_for_host, copy_kernels
from tinyflow.compiler.figures import spec
from tinyflow.compiler.graph import Tensor
from tinyflow.compiler.naming import comment_text, float_text, place_text, shape_text
from tinyflow.compiler.ops.op import Constant
from tinyflow.compiler.packing import Backend
from tinyflow.compiler.packing.backend import SUFFIXES
from tinyflow.compiler.program import Layer, Placed, PlacedCall, Program
from tinyflow.compiler.streaming.printing import StreamView, stream_view
from tinyflow.compiler.views import (
    ArenaRow,
    ArrayView,
    CallView,
    LayerView,
    ModelContext,
    PartView,
    TensorView,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

VALUES_PER_LINE = 96
ABI = 2
ROWS_HEADER, COPY_KERNEL = "tnf_rows.h", "ring_copy"
POINTERS = {"int16": "tnf_int16_t", "int32": "tnf_int32_t", "float32": "tnf_float_t"}


def array_lines(values: NDArray[np.generic]) -> tuple[str, ...]:
    """The values as initialiser lines of at most about VALUES_PER_LINE characters."""
    lines: list[str] = []
    line = ""
    for word in _words(values):
        if line and len(line) + len(word) + 2 > VALUES_PER_LINE:
            lines.append(line + ",")
            line = word
        else:
            line = f"{line}, {word}" if line else word
    return (*lines, line + ",") if line else ()


def _words(values: NDArray[np.generic]) -> Iterable[str]:
    flat = values.reshape(-1).tolist()
    if values.dtype.kind == "f":
        return (float_text(value) for value in flat)
    if values.dtype.itemsize == 8:
        return ("INT64_MIN" if value == -(2**63) else f"INT64_C({value})" for value in flat)
    if values.dtype.itemsize == 4:
        return ("INT32_MIN" if value == -(2**31) else str(value) for value in flat)
    return map(str, flat)


class _Arrays:
    """The constants of a model; equal ones are stored once."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._by_content: dict[tuple[str, bytes], ArrayView] = {}
        self._symbols: set[str] = set()

    def symbol(self, constant: Constant, layer: int | str, call: int, layer_name: str) -> str:
        content = (constant.ctype, constant.data.tobytes())
        if content not in self._by_content:
            symbol = f"{self._name}_{layer}_{constant.field}"
            if symbol in self._symbols:
                symbol = f"{self._name}_{layer}_{call}_{constant.field}"
            self._symbols.add(symbol)
            self._by_content[content] = ArrayView(
                symbol,
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


@dataclass(frozen=True)
class Emitted:
    """What was written. `host_sources` are for this machine: `sources`, or others instead."""

    context: ModelContext
    sources: tuple[Path, ...]
    headers: tuple[Path, ...]
    host_sources: tuple[Path, ...]


def emit(
    program: Program,
    *,
    source: Path,
    model_sha256: str,
    board: str,
    backend: Backend,
    folder: Path,
    templates: Sequence[Path],
) -> Emitted:
    """Write `src` and `include` below `folder`, and `host` where the host needs other sources.

    Templates in the folders `templates` come before tinyflow's own.
    """
    name, graph, plan = program.name, program.graph, program.plan
    arrays = _Arrays(name)
    layers = tuple(_layer(layer, arrays) for layer in program.layers)
    resets = tuple(_reset(i, placed, arrays) for i, placed in enumerate(program.resets))
    streams = {
        first: stream_view(placed, first, [layer.comment for layer in layers[first:]])
        for first, placed in program.streams.items()
    }
    calls = program.calls
    context = ModelContext(
        name=name,
        upper=name.upper(),
        tool_version=__version__,
        abi=ABI,
        source=comment_text(source.name),
        model_sha256=model_sha256,
        sha256_bytes=", ".join(f"0x{byte:02x}" for byte in bytes.fromhex(model_sha256)),
        board=board,
        backend=backend.name,
        arena_bytes=plan.fast_bytes,
        activation_bytes=plan.activation_bytes,
        slow_bytes=plan.slow_bytes,
        state_bytes=program.state_bytes,
        scratch_bytes=program.scratch_bytes,
        weights_bytes=program.weights_bytes,
        macs=program.macs,
        headers=tuple(
            sorted({call.header for call in calls} | ({ROWS_HEADER} if streams else set()))
        ),
        arrays=arrays.views,
        layers=layers,
        streams=tuple(streams.values()),
        blocks=_blocks(layers, streams),
        resets=resets,
        arena=_table(program, fast=True),
        slow=_table(program, fast=False),
        inputs=_tensor_views(program, graph.inputs),
        outputs=_tensor_views(program, graph.outputs),
        input_bytes=sum(graph.tensors[tensor].size_bytes for tensor in graph.inputs),
        output_bytes=sum(graph.tensors[tensor].size_bytes for tensor in graph.outputs),
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
    copy_kernels(needed_kernels(program, backend), context.headers, backend, include, src)
    sources = sorted(file for file in src.iterdir() if file.suffix in SUFFIXES)
    return Emitted(
        context,
        tuple(sources),
        tuple(sorted(include.glob("*.h"))),
        copy_for_host(src, backend, folder / "host") or tuple(sources),
    )


def needed_kernels(program: Program, backend: Backend) -> frozenset[str]:
    """The source files, without suffix, of the kernels that are called, also by one another."""
    stems = {stem for call in program.calls for stem in call.kernels}
    stems |= {COPY_KERNEL for placed in program.streams.values() if placed.stream.copies}
    return backend.closure(stems)


def _layer(layer: Layer, arrays: _Arrays) -> LayerView:
    name = comment_text(layer.outputs[0].tensor.name)
    shapes = dict.fromkeys(placed for call in layer.calls for placed in call.inputs)
    given = ", ".join(shape_text(placed.tensor.shape) for placed in shapes)
    made = ", ".join(shape_text(placed.tensor.shape) for placed in layer.outputs)
    work = f", {layer.macs} MACs" if layer.macs else ""
    parts: list[PartView] = []
    total = 0
    for placed in layer.outputs:
        parts.append(
            PartView(total, place_text(placed.offset, placed.slow), placed.tensor.size_bytes)
        )
        total += placed.tensor.size_bytes
    several = len(layer.calls) > 1
    return LayerView(
        index=layer.index,
        comment=f"{layer.node.op} {name}: {given} -> {made}{work}",
        calls=tuple(
            _call(
                call,
                f"layer_{layer.index}_{i}" if several else f"layer_{layer.index}",
                arrays,
                layer.index,
                i,
                name,
            )
            for i, call in enumerate(layer.calls)
        ),
        bytes=total,
        parts=tuple(parts),
    )


def _reset(index: int, placed: PlacedCall, arrays: _Arrays) -> CallView:
    name = comment_text(placed.outputs[0].tensor.name)
    return _call(placed, f"state_{index}", arrays, f"state_{index}", 0, name)


def _blocks(
    layers: Sequence[LayerView], streams: Mapping[int, StreamView]
) -> tuple[LayerView, ...]:
    """The layers, where those of a stream are a call of its function."""
    blocks: list[LayerView] = []
    index = 0
    while index < len(layers):
        stream = streams.get(index)
        if stream is None:
            blocks.append(layers[index])
            index += 1
        else:
            call = CallView("", "", (), f"{stream.function}(arena, observer);")
            blocks.append(LayerView(index, stream.what, (call,), 0, ()))
            index += len(stream.stages)
    return tuple(blocks)


def _call(
    placed: PlacedCall, params: str, arrays: _Arrays, layer: int | str, index: int, name: str
) -> CallView:
    call = placed.call
    fields = [
        (field, float_text(value) if isinstance(value, float) else str(value))
        for field, value in call.params
    ]
    fields += [(c.field, arrays.symbol(c, layer, index, name)) for c in call.constants]
    operands = [_pointer(operand, call.bytewise) for operand in (*placed.inputs, *placed.outputs)]
    if call.scratch_bytes:
        operands.append(place_text(placed.scratch, slow=False))
    text = f"{call.function}(&{params}, {', '.join(operands)});"
    return CallView(params, call.params_type, tuple(fields), text)


def _pointer(operand: Placed, bytewise: bool) -> str:
    place = place_text(operand.offset, operand.slow)
    kind = None if bytewise else POINTERS.get(operand.tensor.dtype)
    return place if kind is None else f"({kind} *)(void *)({place})"


def _table(program: Program, *, fast: bool) -> tuple[ArenaRow, ...]:
    """The rows of the arena, or of the slow memory."""
    plan = program.plan
    found = [(plan.place(row.offset), row) for row in _rows(program)]
    return tuple(replace(row, offset=at.offset) for at, row in found if at.fast == fast)


def _rows(program: Program) -> list[ArenaRow]:
    graph, plan = program.graph, program.plan
    states = [state.tensor for state in graph.states]
    names = ["-" if index is None else str(index) for index in program.layer_of]
    born = dict.fromkeys((*graph.inputs, *states), "start")
    dies: dict[int, str] = {}
    for name, step in zip(names, program.steps, strict=True):
        born |= dict.fromkeys(step.writes, name)
        dies |= dict.fromkeys(step.reads, name)
    dies |= dict.fromkeys((*graph.outputs, *states), "end")
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
    for position, step in enumerate(program.steps):
        at = names[position]
        inner = step.stream.stages if step.stream is not None else ()
        rings = plan.ring_offsets.get(position, ())
        for stage, offset, size in zip(inner, rings, step.rings, strict=False):
            count = size // stage.row_bytes
            tensor = comment_text(graph.tensors[stage.output].name)
            kept = f"{count} row{'s' if count > 1 else ''} of {tensor}"
            rows.append(ArenaRow(offset, size, at, at, kept))
        if step.scratch_bytes:
            offset = plan.scratch_offsets[position]
            rows.append(ArenaRow(offset, step.scratch_bytes, at, at, f"scratch of layer {at}"))
    return rows


def _tensor_views(program: Program, tensors: Sequence[int]) -> tuple[TensorView, ...]:
    return tuple(
        _tensor_view(program.graph.tensors[t], program.plan.offsets[t], i, len(tensors))
        for i, t in enumerate(tensors)
    )


def _tensor_view(tensor: Tensor, offset: int, index: int, count: int) -> TensorView:
    seen = spec(tensor)
    return TensorView(
        suffix=f"_{index}" if index else "",
        name=comment_text(tensor.name) if count > 1 else "",
        offset=offset,
        size=seen.size_bytes,
        dtype=tensor.dtype,
        type=f"TNF_{tensor.dtype.upper()}",
        pointer=POINTERS.get(tensor.dtype, "int8_t"),
        shape=shape_text(tensor.shape),
        is_quantized=seen.is_quantized,
        scale=float_text(seen.scale),
        zero_point=seen.zero_point,
    )
