"""The generated C as a library of this machine: what it computes here, every board computes."""

from __future__ import annotations

import ctypes
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyflow import process
from tinyflow.errors import ToolError

if TYPE_CHECKING:
    from tinyflow.artifacts import Bytes, CompiledModel, Floats

COMPILE_SECONDS = 300
FLAGS = ("-std=c99", "-O2", "-fPIC", "-shared", "-Wl,-z,defs")
ARENA_ALIGN = 16


class _Part(ctypes.Structure):
    _fields_ = [
        ("layer", ctypes.c_uint32),
        ("layer_bytes", ctypes.c_uint32),
        ("offset", ctypes.c_uint32),
        ("bytes", ctypes.c_size_t),
        ("data", ctypes.POINTER(ctypes.c_int8)),
    ]


_PART = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(_Part))


class _Observer(ctypes.Structure):
    _fields_ = [("part", _PART), ("context", ctypes.c_void_p)]


class _TensorInfo(ctypes.Structure):
    _fields_ = [
        ("arena_offset", ctypes.c_uint32),
        ("bytes", ctypes.c_uint32),
        ("scale", ctypes.c_float),
        ("zero_point", ctypes.c_int32),
        ("type", ctypes.c_uint32),
    ]


class _ModelInfo(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("sha256", ctypes.c_uint8 * 32),
        ("arena_bytes", ctypes.c_uint32),
        ("layers", ctypes.c_uint32),
        ("input_bytes", ctypes.c_uint32),
        ("output_bytes", ctypes.c_uint32),
        ("input_count", ctypes.c_uint32),
        ("output_count", ctypes.c_uint32),
        ("inputs", ctypes.POINTER(_TensorInfo)),
        ("outputs", ctypes.POINTER(_TensorInfo)),
        ("reset", ctypes.CFUNCTYPE(None, ctypes.c_void_p)),
        ("invoke", ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)),
    ]


def compile_library(compiled: CompiledModel, output: Path, flags: Sequence[str] = FLAGS) -> None:
    """Compile the model's sources with the host's `cc` into a shared library."""
    compiler = process.which("cc") or process.which("gcc")
    if compiler is None:
        raise ToolError(
            "no C compiler: neither cc nor gcc is on PATH",
            hints=["tinyflow doctor --board native --install"],
        )
    process.run(
        [
            str(compiler),
            *flags,
            f"-I{compiled.path / 'include'}",
            *(str(source) for source in compiled.sources),
            "-o",
            str(output),
        ],
        what="the host's C compiler",
        timeout=COMPILE_SECONDS,
    )


class HostModel:
    """The compiled model on this machine: an IntegerPredictor. Close it, or use it in `with`."""

    where = "host"

    def __init__(self, compiled: CompiledModel) -> None:
        self.compiled = compiled
        self._folder = tempfile.TemporaryDirectory(prefix="tinyflow-")
        try:
            library = Path(self._folder.name) / f"lib{compiled.name}.so"
            compile_library(compiled, library)
            self._library = ctypes.CDLL(str(library))
        except BaseException:
            self._folder.cleanup()
            raise
        self._model = _ModelInfo.in_dll(self._library, f"{compiled.name}_model")
        size = max(1, int(self._model.arena_bytes))
        room = np.zeros(size + ARENA_ALIGN, dtype=np.int8)
        start = -room.ctypes.data % ARENA_ALIGN
        self._arena = room[start : start + size]
        self.reset()

    def __enter__(self) -> HostModel:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove the library's file; the predictor must not be used afterwards."""
        self._folder.cleanup()

    def reset(self) -> None:
        """Set what the model keeps between inferences to its initial values."""
        if self._model.reset:
            self._model.reset(self._arena.ctypes.data)

    def _run(self, data: Bytes, observer: _Observer | None = None) -> Bytes:
        start = 0
        for place in self._places(self._model.inputs, self._model.input_count):
            place[:] = data.reshape(-1)[start : start + place.size]
            start += place.size
        address = ctypes.cast(ctypes.pointer(observer), ctypes.c_void_p) if observer else None
        self._model.invoke(self._arena.ctypes.data, address)
        outputs = self._places(self._model.outputs, self._model.output_count)
        return np.concatenate(list(outputs))

    def _places(self, tensors: Any, count: int) -> Iterator[Bytes]:
        """The bytes of each tensor in the arena."""
        for tensor in tensors[:count]:
            yield self._arena[tensor.arena_offset : tensor.arena_offset + tensor.bytes]

    def invoke(self, inputs: Bytes) -> Bytes:
        """Output bytes int8 [N, output_bytes] for input bytes int8 [N, input_bytes].

        Several inputs or outputs lie one after another, in the model's order.
        """
        rows = [self._run(row) for row in inputs.reshape(len(inputs), -1)]
        return np.stack(rows) if rows else np.zeros((0, self._model.output_bytes), np.int8)

    def layers(self, data: Bytes) -> list[Bytes]:
        """The output bytes of every layer, int8 [output_bytes], for one input."""
        seen = [np.zeros(layer.output_bytes, np.int8) for layer in self.compiled.layers]

        def part_done(context: int, part: Any) -> None:
            found = part.contents
            values = np.ctypeslib.as_array(found.data, (found.bytes,))
            seen[found.layer][found.offset : found.offset + found.bytes] = values

        self._run(data, _Observer(_PART(part_done), None))
        return seen

    def predict(self, features: Floats) -> Floats:
        """Scores float32 [N, classes] for features float32 [N, *input_shape]."""
        return self.compiled.output.decode(self.invoke(self.compiled.input.encode(features)))
