"""The generated C as a library of this machine: what it computes here, every board computes."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyflow import cache, paths, process
from tinyflow.artifacts import CompiledModel
from tinyflow.errors import ModelError, ProjectError, ToolError

if TYPE_CHECKING:
    from tinyflow.artifacts import Bytes, Floats, TensorSpec

COMPILE_SECONDS = 300
# ISO C: no product and sum of floats become one operation, which would round otherwise.
FLAGS = ("-std=c99", "-O3", "-fPIC", "-shared", "-Wl,-z,defs")
ARENA_ALIGN = 16
CODE = ("compiler", "templates/model", "firmware/kernels", "firmware/include", "firmware/host")

DECLARATIONS = """
typedef struct {
    uint32_t layer, layer_bytes, offset;
    size_t bytes;
    const int8_t *data;
} tnf_part_t;
typedef struct {
    void (*part)(void *context, const tnf_part_t *part);
    void *context;
} tnf_observer_t;
typedef struct {
    uint32_t arena_offset, bytes;
    float scale;
    int32_t zero_point;
    uint32_t type;
} tnf_tensor_t;
typedef struct {
    const char *name;
    uint8_t sha256[32];
    uint32_t arena_bytes, layers, input_bytes, output_bytes, input_count, output_count;
    const tnf_tensor_t *inputs, *outputs;
    void (*reset)(int8_t *arena);
    void (*invoke)(int8_t *arena, const tnf_observer_t *observer);
} tnf_model_t;
void tnf_host_invoke(const tnf_model_t *model, int8_t *arena, const int8_t *inputs,
                     int8_t *outputs, size_t rows);
"""


def load(model: str | Path) -> HostModel:
    """A .tflite as a predictor on this machine: its generated C, compiled by the host's compiler.

    What is compiled is kept for the next time, below the user's cache. Raises ModelError where
    the model cannot be compiled, and ToolError where there is no C compiler.
    """
    from tinyflow.compiler import compile_model

    source = Path(model)
    try:
        sha256 = cache.file_sha256(source)
    except OSError as error:
        raise ProjectError(f"{source} cannot be read: {error.strerror}") from None

    def make(folder: Path) -> CompiledModel:
        compiled = compile_model(source, folder=folder / "c", backend="portable")
        compile_library(compiled, _library(folder))
        return compiled

    inputs = {"model": sha256, "name": source.name, "code": cache.code_sha256(CODE), "flags": FLAGS}
    kept = cache.Cache(paths.user_cache() / "host")
    compiled = kept.get("library", CompiledModel, inputs, make)
    return HostModel(compiled, _library(compiled.path.parent))


def compile_library(compiled: CompiledModel, output: Path, flags: Sequence[str] = FLAGS) -> None:
    """Compile the model's host sources with the host's `cc` into a shared library."""
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
            *(str(source) for source in compiled.host_sources),
            str(paths.data_folder("firmware") / "host" / "tnf_host.c"),
            "-o",
            str(output),
        ],
        what="the host's C compiler",
        timeout=COMPILE_SECONDS,
    )


class HostModel:
    """The compiled model on this machine: an IntegerPredictor. Close it, or use it in `with`.

    `library` is what `compile_library` made of it; without one it is made and removed at the end.
    A model that keeps values between inferences starts from its initial ones and goes on from
    input to input until `reset`. One object is for one thread.
    """

    where = "host"

    def __init__(self, compiled: CompiledModel, library: Path | None = None) -> None:
        import cffi

        self.compiled = compiled
        self._closed = False
        self._folder = None if library else tempfile.TemporaryDirectory(prefix="tinyflow-")
        self._ffi = cffi.FFI()
        self._ffi.cdef(f"{DECLARATIONS}extern tnf_model_t {compiled.name}_model;")
        try:
            if self._folder is not None:
                library = _library(Path(self._folder.name))
                compile_library(compiled, library)
            self._library = self._ffi.dlopen(str(library))
        except BaseException:
            self.close()
            raise
        self._model = self._ffi.addressof(self._library, f"{compiled.name}_model")
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
        """Remove the library's file, unless it is kept; the predictor cannot be used again."""
        self._closed = True
        if self._folder is not None:
            self._folder.cleanup()

    def reset(self) -> None:
        """Set what the model keeps between inferences to its initial values."""
        self._require_open()
        if self._model.reset:
            self._model.reset(self._pointer(self._arena))

    def invoke(self, inputs: Bytes) -> Bytes:
        """Output bytes int8 [N, output_bytes] for input bytes int8 [N, input_bytes].

        Several inputs or outputs lie one after another, in the model's order. Raises ProjectError
        when the predictor is closed.
        """
        self._require_open()
        rows = np.ascontiguousarray(inputs.reshape(len(inputs), math.prod(inputs.shape[1:])))
        if rows.dtype != np.int8 or rows.shape[1] != self.compiled.input_bytes:
            raise ValueError(
                f"inputs are {rows.dtype} {rows.shape}, "
                f"expected int8 (N, {self.compiled.input_bytes})"
            )
        outputs = np.empty((len(rows), self.compiled.output_bytes), np.int8)
        arena, taken, given = map(self._pointer, (self._arena, rows, outputs))
        self._library.tnf_host_invoke(self._model, arena, taken, given, len(rows))
        return outputs

    def layers(self, data: Bytes) -> list[Bytes]:
        """The output bytes of every layer, int8 [output_bytes], for one input."""
        self._require_open()
        seen = [np.zeros(layer.output_bytes, np.int8) for layer in self.compiled.layers]

        def part_done(context: Any, part: Any) -> None:
            values = np.frombuffer(self._ffi.buffer(part.data, part.bytes), np.int8)
            seen[part.layer][part.offset : part.offset + part.bytes] = values

        start = 0
        flat = data.reshape(-1)
        for tensor in self._model.inputs[0 : self._model.input_count]:
            place = self._arena[tensor.arena_offset : tensor.arena_offset + tensor.bytes]
            place[:] = flat[start : start + tensor.bytes]
            start += tensor.bytes
        told = self._ffi.callback("void(void *, const tnf_part_t *)", part_done)
        observer = self._ffi.new("tnf_observer_t *", {"part": told})
        self._model.invoke(self._pointer(self._arena), observer)
        return seen

    def predict(self, *features: Floats) -> Any:
        """Real outputs float32 [N, *output_shape] for real features [N, *input_shape].

        One array for each input of the model; shapes are without the batch, and a single sample may
        go without N. With several outputs the answer is a tuple of them. Raises ModelError where
        the shapes are not the model's, and ProjectError when the predictor is closed.
        """
        specs = self.compiled.inputs
        if len(features) != len(specs):
            count = "one input" if len(specs) == 1 else f"{len(specs)} inputs"
            raise ModelError(
                f"{self.compiled.name} takes {count}, found {len(features)}",
                [f"{spec.name} {list(spec.shape)}" for spec in specs],
            )
        arrays = [_numbers(*pair) for pair in zip(features, specs, strict=True)]
        alone = all(
            values.size == spec.elements and values.shape != (1, *spec.shape[1:])
            for values, spec in zip(arrays, specs, strict=True)
        )
        parts = []
        for values, spec in zip(arrays, specs, strict=True):
            rows = values[np.newaxis] if alone else values
            if rows.ndim < 1 or rows.size != len(rows) * spec.elements:
                raise ModelError(
                    f"input {spec.name} has shape {list(values.shape)}",
                    [f"{self.compiled.name} takes [N, {', '.join(map(str, spec.shape[1:]))}]"],
                )
            parts.append(spec.encode(rows))
        if len({len(part) for part in parts}) > 1:
            raise ModelError(f"inputs have {', '.join(str(len(part)) for part in parts)} samples")
        return self._decoded(self.invoke(np.concatenate(parts, axis=1)), alone)

    def _require_open(self) -> None:
        if self._closed:
            raise ProjectError(
                f"model {self.compiled.name} is closed", hints=["use it inside its `with`"]
            )

    def __repr__(self) -> str:
        compiled = self.compiled
        takes, gives = (
            ", ".join(f"{spec.name} {spec.dtype} {list(spec.shape)}" for spec in specs)
            for specs in (compiled.inputs, compiled.outputs)
        )
        return f"<HostModel {compiled.name}: takes {takes}; gives {gives}>"

    def _decoded(self, rows: Bytes, alone: bool) -> Any:
        answers, start = [], 0
        for spec in self.compiled.outputs:
            real = spec.decode(rows[:, start : start + spec.size_bytes])
            shaped = real.reshape(len(rows), *spec.shape[1:])
            answers.append(shaped[0] if alone else shaped)
            start += spec.size_bytes
        return answers[0] if len(answers) == 1 else tuple(answers)

    def _pointer(self, array: Bytes) -> Any:
        return self._ffi.cast("int8_t *", array.ctypes.data)


def _numbers(values: Any, spec: TensorSpec) -> Floats:
    """`values` as float32. Raises ModelError where they are no array of real numbers."""
    try:
        found = np.asarray(values)
        if found.dtype.kind in "biuf":
            return found.astype(np.float32)
        what = f"is of type {found.dtype}"
    except ValueError:
        what = "has rows of different lengths"
    raise ModelError(
        f"input {spec.name} {what}", [f"real numbers are needed, of shape {list(spec.shape)}"]
    )


def _library(folder: Path) -> Path:
    return folder / "model.so"
