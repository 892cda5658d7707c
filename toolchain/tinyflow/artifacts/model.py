"""A compiled model, and the library it is exported as."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tinyflow.artifacts.arrays import Bytes, Floats

QUANTIZED = ("int8", "int16")
ITEM_BYTES = {"int8": 1, "bool": 1, "int16": 2, "int32": 4, "float32": 4}


@dataclass(frozen=True)
class TensorSpec:
    """A model's input or output. Quantised values q (int8, int16) stand for
    (q - zero_point) * scale; values of other types (int32, float32, bool) for themselves, and
    scale is 0.

    `shape` has the batch dimension, which is 1.
    """

    name: str
    shape: tuple[int, ...]
    scale: float
    zero_point: int
    dtype: str = "int8"

    @property
    def elements(self) -> int:
        return math.prod(self.shape)

    @property
    def size_bytes(self) -> int:
        return self.elements * ITEM_BYTES[self.dtype]

    @property
    def is_quantized(self) -> bool:
        return self.scale > 0

    def quantize(self, values: Floats) -> NDArray[Any]:
        """`values`, real, as values of the tensor's type.

        Quantised: the nearest, halves away from zero as the runtime does. What is out of range
        becomes the nearest end.
        """
        import numpy as np

        if self.dtype in ("float32", "bool"):
            kept: NDArray[Any] = values.astype(self.dtype)
            return kept
        scaled = values.astype(np.float64)
        if self.is_quantized:
            scaled = (values.astype(np.float32) / np.float32(self.scale)).astype(np.float32)
        half = np.copysign(np.asarray(0.5, scaled.dtype), scaled)
        ends = np.iinfo(self.dtype)
        rounded = np.trunc(scaled + half) + self.zero_point
        limited: NDArray[Any] = np.clip(rounded, ends.min, ends.max).astype(self.dtype)
        return limited

    def dequantize(self, values: NDArray[Any]) -> Floats:
        """The real values that values of the tensor's type stand for."""
        import numpy as np

        if not self.is_quantized:
            return values.astype(np.float32)
        real: Floats = (values.astype(np.int32) - self.zero_point).astype(np.float32)
        real *= np.float32(self.scale)
        return real

    def encode(self, values: Floats) -> Bytes:
        """Bytes int8 [N, size_bytes] for real `values` [N, *shape without the batch]."""
        import numpy as np

        rows = np.ascontiguousarray(self.quantize(values).reshape(len(values), self.elements))
        return rows.view(np.int8)

    def decode(self, rows: Bytes) -> Floats:
        """Real values float32 [N, elements] for bytes int8 [N, size_bytes]."""
        import numpy as np

        return self.dequantize(np.ascontiguousarray(rows).view(self.dtype))


@dataclass(frozen=True)
class LayerOutput:
    """A tensor that a layer writes.

    `origin` is its index in the .tflite, -1 where it has none there. `channels` are the indices of
    the last axis there that are left in it; None is all of them. Where it is `slow`, the offset is
    one in the model's slow memory.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    arena_offset: int
    origin: int
    channels: tuple[int, ...] | None = None
    slow: bool = False

    @property
    def size_bytes(self) -> int:
        return math.prod(self.shape) * ITEM_BYTES[self.dtype]


@dataclass(frozen=True)
class LayerInfo:
    """One operator of a compiled model, in execution order.

    `node` is its number in the .tflite, `name` the first output's, shortened. `variant` is the way
    in which the backend computes it, `weights_bytes` its constants, of which equal ones that a
    layer before it has are that layer's.
    """

    index: int
    node: int
    name: str
    op: str
    macs: int
    outputs: tuple[LayerOutput, ...]
    scratch_bytes: int
    variant: str = "plain"
    weights_bytes: int = 0

    @property
    def output_bytes(self) -> int:
        return sum(output.size_bytes for output in self.outputs)


@dataclass(frozen=True)
class ArenaBlock:
    """Bytes of the arena that something takes from layer `first` to layer `last`, both included.

    It is a tensor, a state, rows between layers, or a kernel's scratch. Tensors that hold the same
    bytes have blocks that lie over one another, and so has an output that is written over an
    input. Where it is `slow`, the offset is one in the model's slow memory.
    """

    name: str
    offset: int
    bytes: int
    first: int
    last: int
    slow: bool = False


@dataclass(frozen=True)
class CompiledModel:
    """A model as C99: a folder with `src` and `include`, complete with the kernels it calls.

    `sources` and `headers` are all files in them; `host_sources` are compiled instead on this
    machine, with C in place of assembly. `model` is a copy of the .tflite. `name` is the
    C prefix of its symbols, `backend` the kernel backend. `arena_bytes` is the tensor arena, all of
    it; `activation_bytes` what tensors and states take of it, `state_bytes` the states alone, and
    `scratch_bytes` the most that a kernel takes for itself; `busiest` says what is in it where it
    is fullest. `slow_bytes` is the slow memory that the model has beside it. `weights_bytes` are
    all constants of the layers. `changes` tell what was rewritten without changing a result. `told`
    are the numbers of the layers in the order in which an observer is told of their parts: a layer
    that is computed by rows has many. `arena` is the map of the arena, by offset.
    """

    name: str
    path: Path
    model: Path
    model_sha256: str
    backend: str
    sources: tuple[Path, ...]
    headers: tuple[Path, ...]
    host_sources: tuple[Path, ...]
    arena_bytes: int
    activation_bytes: int
    state_bytes: int
    scratch_bytes: int
    weights_bytes: int
    macs: int
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    layers: tuple[LayerInfo, ...]
    operators: Mapping[str, int]
    busiest: str = ""
    changes: tuple[str, ...] = ()
    slow_bytes: int = 0
    told: tuple[int, ...] = ()
    arena: tuple[ArenaBlock, ...] = ()

    @property
    def input(self) -> TensorSpec:
        """The first input; most models have one."""
        return self.inputs[0]

    @property
    def output(self) -> TensorSpec:
        """The first output; most models have one."""
        return self.outputs[0]

    @property
    def input_bytes(self) -> int:
        """Bytes of all inputs, one after another as a caller hands them over."""
        return sum(spec.size_bytes for spec in self.inputs)

    @property
    def output_bytes(self) -> int:
        """Bytes of all outputs, one after another as a caller gets them."""
        return sum(spec.size_bytes for spec in self.outputs)


@dataclass(frozen=True)
class ExportedLibrary:
    """A compiled model as a library for the build systems `formats`, all in one folder."""

    name: str
    path: Path
    formats: tuple[str, ...]
    model_sha256: str
