"""Calls kernels as the generated code does, in a child process under sanitizers.

What a kernel call looks like is read from the kernels' headers, so a call whose fields are not
those of the parameter struct is found here.
"""

from __future__ import annotations

import functools
import re
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from kernel_header import ITEM_CTYPES, KERNELS, KernelHeaders
from numpy.typing import NDArray

from tinyflow import process
from tinyflow.compiler.copying import copy_for_host
from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import OPS
from tinyflow.compiler.ops.op import KernelCall, Overlap
from tinyflow.compiler.packing import Backend, load_backend
from tinyflow.compiler.steps import lower

SANITIZERS = (
    "-fsanitize=address,undefined,float-cast-overflow",
    "-fno-sanitize-recover=all",
)
SOURCE = Path(__file__).with_suffix(".c")
BUFFER_OF_ITS_OWN = -1

Array = NDArray[Any]
Bytes = NDArray[np.int8]


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="tinyflow-kernels-")


def _own_headers(backend: Backend) -> list[Path]:
    """The backend's headers that declare kernels with parameters of their own."""
    found = [file for name, file in backend.headers().items() if name != "tnf_backend.h"]
    return [file for file in found if re.search(r"^void tnf_\w+\(const TNF_FLASH \w+ \*params",
                                                file.read_text(), re.M)]  # fmt: skip


def _host_sources(backend: Backend, folder: Path) -> tuple[Path, ...]:
    """The kernels of a backend, twins in place of what this machine cannot compile."""
    src = folder / "src"
    src.mkdir()
    for file in (*backend.sources().values(), *backend.headers().values()):
        shutil.copy(file, src)
    return copy_for_host(src, backend, folder / "host") or tuple(sorted(src.glob("*.c")))


@functools.cache
def built(name: str, flags: tuple[str, ...]) -> Path:
    """The server's program, compiled once for all tests of a process."""
    backend = load_backend(name)
    headers = KernelHeaders(*_own_headers(backend))
    made = Path(tempfile.mkdtemp(dir=_folder().name))
    table = (f"KERNEL({p.function}, {p.call})" for p in headers.prototypes.values())
    (made / "kernel_table.def").write_text("\n".join(table) + "\n")
    includes = (f'#include "{name}"' for name in headers.names)
    (made / "kernel_headers.def").write_text("\n".join(includes) + "\n")
    program = made / "kernel_server"
    sources = _host_sources(backend, made)
    process.run(
        [
            *("cc", "-std=c99", "-O1", "-g", *flags),
            *(f"-I{KERNELS / 'include'}", f"-I{KERNELS.parent / 'include'}"),
            *(f"-I{folder}" for folder in (sources[0].parent, made)),
            *map(str, sources),
            *(str(SOURCE), "-o", str(program), "-lm"),
        ],
        timeout=120.0,
    )
    return program


class KernelServer:
    """The kernels in a child process; use it as a context manager."""

    def __init__(self, backend: str = "ref", flags: Sequence[str] = SANITIZERS) -> None:
        self.backend = load_backend(backend)
        self.headers = KernelHeaders(*_own_headers(self.backend))
        self._order = list(self.headers.prototypes)
        self._program = built(backend, tuple(flags))
        self._child: subprocess.Popen[bytes] | None = None
        self._log = tempfile.TemporaryFile()  # noqa: SIM115

    def __enter__(self) -> KernelServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()
        self._log.close()

    def run_node(
        self,
        graph: Graph,
        node: Node,
        values: Mapping[int, Array],
        in_place: Overlap | None = None,
    ) -> dict[int, Array]:
        """What the node's calls make of the tensors `values`: its outputs, and states it updates.

        Tensors are arrays of their type and shape. `in_place` is an input and an output that share
        memory: the output starts as late as it may. Raises AssertionError with the sanitizer's
        report when a kernel did wrong.
        """
        op = OPS[node.op]
        held = {tensor: np.ascontiguousarray(array) for tensor, array in values.items()}
        for call in op.lower(graph, node):
            held |= self.run_call(graph, call, held, in_place)
        wanted = (*node.outputs, *op.updates(graph, node))
        return {tensor: held[tensor] for tensor in wanted}

    def run_variants(
        self, graph: Graph, node: Node, values: Mapping[int, Array]
    ) -> dict[str, dict[int, Array]]:
        """What each of the backend's own variants makes of the tensors `values`, by its name.

        Each is run with its output apart, and over each input where it may lie there.
        """
        step = next(step for step in lower(graph) if step.node is node)
        held = {tensor: np.ascontiguousarray(array) for tensor, array in values.items()}
        found: dict[str, dict[int, Array]] = {}
        for variant in self.backend.variants(graph, step):
            for lap in (None, *variant.overlaps):
                made = dict(held)
                for call in variant.calls:
                    made |= self.run_call(graph, call, made, lap)
                name = variant.name if lap is None else f"{variant.name} over {lap.input}"
                found[name] = {tensor: made[tensor] for tensor in node.outputs}
        return found

    def run_call(
        self,
        graph: Graph,
        call: KernelCall,
        held: Mapping[int, Array],
        in_place: Overlap | None = None,
    ) -> dict[int, Array]:
        """The outputs of one call; an output written before (by another call) keeps its rest."""
        buffers = [_buffer(held[tensor].nbytes, held[tensor]) for tensor in call.inputs]
        for tensor in call.outputs:
            size = graph.tensors[tensor].size_bytes
            if in_place is not None and in_place.output == tensor and in_place.input in call.inputs:
                owner = call.inputs.index(in_place.input)
                source, place = max(0, -in_place.reach), max(0, in_place.reach)
                content = held[in_place.input].tobytes()
                memory = np.zeros(max(source + len(content), place + size), np.int8)
                memory[source : source + len(content)] = np.frombuffer(content, np.int8)
                buffers[owner] = _buffer(memory.nbytes, memory, place=source)
                buffers.append(_buffer(0, None, owner=owner, place=place, answer=size))
            else:
                buffers.append(_buffer(size, held.get(tensor), answer=size))
        if call.scratch_bytes:
            buffers.append(_buffer(call.scratch_bytes, None))
        self._check_types(graph, call)
        sizes = [graph.tensors[tensor].size_bytes for tensor in call.outputs]
        answer = self._ask(self._request(call, buffers), sum(sizes))
        found: dict[int, Array] = {}
        for tensor, content in zip(call.outputs, _cut(answer, sizes), strict=True):
            kind = graph.tensors[tensor]
            found[tensor] = np.frombuffer(content, kind.dtype).reshape(kind.shape)
        return found

    def _check_types(self, graph: Graph, call: KernelCall) -> None:
        kinds = self.headers.prototypes[call.function].arguments
        for kind, tensor in zip(kinds, (*call.inputs, *call.outputs), strict=False):
            item = ITEM_CTYPES[kind.removeprefix("const ").removesuffix(" *")]
            bytewise = call.bytewise and item == "int8"
            assert bytewise or item == graph.tensors[tensor].dtype, (call.function, kind)

    def _ask(self, request: bytes, size: int) -> bytes:
        if self._child is None:
            self._log.seek(0)
            self._log.truncate()
            self._child = process.start(
                [str(self._program)],
                stdin=subprocess.PIPE,
                stderr=self._log,
                env={"ASAN_OPTIONS": "detect_leaks=1:malloc_fill_byte=85:max_malloc_fill_size=64"},
            )
        assert self._child.stdin is not None and self._child.stdout is not None
        try:
            self._child.stdin.write(request)
            self._child.stdin.flush()
            answer = self._child.stdout.read(size)
        except BrokenPipeError:
            answer = b""
        if len(answer) < size:
            self._stop()
            self._log.seek(0)
            raise AssertionError(self._log.read().decode("utf-8", "replace")[:4000])
        return answer

    def _request(self, call: KernelCall, buffers: Sequence[bytes]) -> bytes:
        prototype = self.headers.prototypes[call.function]
        assert prototype.params_type == call.params_type, call.function
        assert prototype.header == call.header, call.function
        assert len(prototype.arguments) == len(buffers), call.function
        layout = self.headers.layouts[call.params_type]
        numbers = dict(call.params)
        assert sorted(numbers) == sorted(self.headers.numbers[call.params_type])
        pointers = self.headers.pointers[call.params_type]
        for constant in call.constants:
            assert pointers[constant.field] in (f"const {constant.ctype} *", "const void *")
            kind = {"float": "float32"}.get(constant.ctype, constant.ctype.removesuffix("_t"))
            assert constant.data.dtype.name == kind
        parts = [
            struct.pack("=i", self._order.index(call.function)),
            *_sized(bytes(self.headers.params(call.params_type, numbers))),
            struct.pack("=i", len(call.constants)),
        ]
        for constant in call.constants:
            parts.append(struct.pack("=i", getattr(layout, constant.field).offset))
            parts += _sized(constant.data.tobytes())
        return b"".join((*parts, struct.pack("=i", len(buffers)), *buffers))

    def _stop(self) -> None:
        if self._child is not None:
            process.stop(self._child)
            self._child = None


def _buffer(
    size: int,
    values: Array | None,
    *,
    owner: int = BUFFER_OF_ITS_OWN,
    place: int = 0,
    answer: int = 0,
) -> bytes:
    content = b"" if values is None else values.tobytes()
    assert values is None or len(content) == size
    head = struct.pack("=4i", size, owner, place, values is not None)
    return b"".join((head, content, struct.pack("=i", answer)))


def _cut(content: bytes, sizes: Sequence[int]) -> list[bytes]:
    parts, start = [], 0
    for size in sizes:
        parts.append(content[start : start + size])
        start += size
    return parts


def _sized(content: bytes) -> list[bytes]:
    return [struct.pack("=i", len(content)), content]
