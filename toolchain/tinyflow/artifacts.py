"""What the stages hand to one another, in the order of the pipeline.

Artefacts carry paths, hashes and numbers, never arrays, so that they serialise to JSON and a
stage's output can be kept (`cache`). All are frozen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Bytes = NDArray[np.int8]
    Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """One part of a data set: how many samples, and the hash of their features and labels."""

    name: str
    samples: int
    sha256: str


@dataclass(frozen=True)
class Dataset:
    """A data set on disk, as one .npz.

    It has `<split>_x` float32 [N, *input_shape] and `<split>_y` int64 [N] for each split.
    `splits` are train, validation and test, in that order, stratified by label.
    """

    name: str
    path: Path
    sha256: str
    input_shape: tuple[int, ...]
    labels: tuple[str, ...]
    splits: tuple[Split, ...]

    def read(self, split: str) -> tuple[Floats, Labels]:
        """Features float32 [N, *input_shape] and classes int64 [N] of a split."""
        import numpy as np

        with np.load(self.path, allow_pickle=False) as file:
            return file[f"{split}_x"], file[f"{split}_y"]


@dataclass(frozen=True)
class KerasModel:
    """A float model on disk (.keras), trained or pruned.

    `sha256` is of its architecture and weights (a .keras file has its date in it), and
    `zero_fraction` of the weights in kernels. `history` has one figure an epoch; `notes` say how
    it came about: the software and cores it was trained with, what pruning changed or left alone.
    """

    path: Path
    sha256: str
    parameters: int
    zero_fraction: float
    validation_accuracy: float
    history: Mapping[str, list[float]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TfliteModel:
    """A .tflite on disk, the input of the compiler."""

    path: Path
    sha256: str


@dataclass(frozen=True)
class TensorSpec:
    """A model's input or output: int8 values q that stand for (q - zero_point) * scale.

    `shape` has the batch dimension, which is 1.
    """

    name: str
    shape: tuple[int, ...]
    scale: float
    zero_point: int

    @property
    def size_bytes(self) -> int:
        return math.prod(self.shape)

    def quantize(self, values: Floats) -> Bytes:
        """The int8 values nearest to real `values` (halves away from zero, as the runtime does)."""
        import numpy as np

        scaled = values.astype(np.float32) / np.float32(self.scale)
        rounded = np.trunc(scaled + np.copysign(np.float32(0.5), scaled))
        quantized: Bytes = np.clip(rounded + self.zero_point, -128, 127).astype(np.int8)
        return quantized

    def dequantize(self, values: Bytes) -> Floats:
        """The real values that int8 `values` stand for."""
        import numpy as np

        real: Floats = (values.astype(np.int32) - self.zero_point).astype(np.float32)
        real *= np.float32(self.scale)
        return real


@dataclass(frozen=True)
class LayerInfo:
    """One operator of a compiled model, in execution order.

    `node` is its number in the .tflite, `name` the output tensor's, shortened, `arena_offset`
    where that tensor starts.
    """

    index: int
    node: int
    name: str
    op: str
    macs: int
    output_shape: tuple[int, ...]
    arena_offset: int
    scratch_bytes: int

    @property
    def output_bytes(self) -> int:
        return math.prod(self.output_shape)


@dataclass(frozen=True)
class CompiledModel:
    """A model as C99: a folder with `src` and `include`, complete with the kernels it calls.

    `sources` and `headers` are all files in them; `model` is a copy of the .tflite. `name` is the
    C prefix of its symbols, `backend` the kernel backend. `arena_bytes` is the tensor arena,
    kernel scratch included; `scratch_bytes` says how much of it is scratch, `busiest` what is in
    it where it is fullest. `weights_bytes` are all constants of the layers.
    """

    name: str
    path: Path
    model: Path
    model_sha256: str
    backend: str
    sources: tuple[Path, ...]
    headers: tuple[Path, ...]
    arena_bytes: int
    scratch_bytes: int
    weights_bytes: int
    macs: int
    input: TensorSpec
    output: TensorSpec
    layers: tuple[LayerInfo, ...]
    operators: Mapping[str, int]
    busiest: str = ""


@dataclass(frozen=True)
class ExportedLibrary:
    """A compiled model as a library for the build systems `formats`, all in one folder."""

    name: str
    path: Path
    formats: tuple[str, ...]
    model_sha256: str


@dataclass(frozen=True)
class FirmwareProject:
    """A folder that builds a firmware image with the named builder's own tool.

    `build_id` is the hash of every file in it; the device tells it in its hello.
    """

    path: Path
    board: str
    builder: str
    model_name: str
    model_sha256: str
    build_id: str


@dataclass(frozen=True)
class FlashFile:
    """A file and the flash offset it is written to."""

    path: Path
    offset: int


@dataclass(frozen=True)
class FirmwareImage:
    """What a builder made. Sizes come from the linker's map file.

    `flash_bytes` and `ram_bytes` are the whole image's; `library_*` are those of the inference
    library (kernels, generated code, weights): code, constants, and RAM with the arena.
    """

    board: str
    builder: str
    elf: Path
    images: tuple[FlashFile, ...]
    sha256: str
    flash_bytes: int
    ram_bytes: int
    library_code_bytes: int
    library_flash_bytes: int
    library_ram_bytes: int
    model_sha256: str
    build_id: str


@dataclass(frozen=True)
class FlashedBoard:
    """A board that runs an image: where its port is, and what its hello must say.

    `port` is what pyserial's `serial_for_url` takes. `process` is the emulator's or host
    process's id, 0 for a real board. `reset` is what the board's profile says of its port's lines.
    """

    board: str
    port: str
    baud: int
    model_sha256: str
    build_id: str
    process: int = 0
    reset: str = "none"


@dataclass(frozen=True)
class DeviceHello:
    """Who a board says it is.

    Counts are in `counter_unit` (instructions, cycles, nanoseconds); `clock_hz` is 0 where a clock
    has no meaning. `heartbeat_ms` of 0 means that no telemetry is pushed.
    """

    protocol: int
    tool_version: str
    board: str
    model: str
    model_sha256: str
    build_id: str
    arena_bytes: int
    input_bytes: int
    output_bytes: int
    input_scale: float
    input_zero_point: int
    output_scale: float
    output_zero_point: int
    layers: int
    counter_unit: str
    clock_hz: int
    chunk_bytes: int
    heartbeat_ms: int


@dataclass(frozen=True)
class Telemetry:
    """What a board remembers of its inferences since it started; all counts 0 before the first.

    `histogram` has pairs of a bucket's lower bound and its inferences, without the empty buckets
    at both ends. `class_counts` counts inferences by their largest output, `class_other` those
    beyond. `stack_bytes`, `stack_used_bytes`, `heap_free_bytes` and `reset_reason` (the chip's own
    code) are 0 where unknown; `uptime_ms` wraps after 49 days.
    """

    inferences: int
    count: int
    count_min: int
    count_max: int
    count_total: int
    histogram: tuple[tuple[int, int], ...]
    deadline: int
    deadline_misses: int
    class_counts: tuple[int, ...]
    class_other: int
    arena_bytes: int
    stack_bytes: int
    stack_used_bytes: int
    heap_free_bytes: int
    reset_reason: int
    uptime_ms: int
    frames_damaged: int


@dataclass(frozen=True)
class Evaluation:
    """How well a predictor does on a split: the same figures for float, int8, host and device.

    `confusion[t][p]` counts samples of true class t predicted as p.
    """

    where: str
    split: str
    samples: int
    accuracy: float
    confusion: tuple[tuple[int, ...], ...]
    scores_sha256: str


@dataclass(frozen=True)
class BoardRun:
    """What a board answered to the test split when it was deployed.

    `count` is the median of one inference in `unit`; `latency_us` is None where the board's clock
    is not known. `mismatched_bytes` compares with what the host computed.
    """

    evaluation: Evaluation
    unit: str
    count: int
    latency_us: float | None
    mismatched_bytes: int


@dataclass(frozen=True)
class SensorState:
    """What a board senses and how that goes.

    `status` is empty while the sensor answers. Windows and hops are in samples of `channels` values
    of `value_bytes`; a unit of a value stands for `scale`. `windows`, `dropped` and `gaps` count
    from when the sensor or the replay began; `age` is how many samples had come when the last
    window was done, `age_max` the most of them. `credit` is how many bytes the next window lacks.
    """

    driver: str
    status: str
    replaying: bool
    value_bytes: int
    channels: int
    rate_hz: int
    window: int
    hop: int
    scale: float
    credit: int
    windows: int
    dropped: int
    gaps: int
    age: int
    age_max: int

    @property
    def sample_bytes(self) -> int:
        return self.channels * self.value_bytes


@dataclass(frozen=True)
class MetricRow:
    """One figure. Trackers, dashboard, drift and reports read rows and nothing else.

    `where` is float, int8, host or device; `time` is seconds since the epoch, UTC.
    """

    run: str
    board: str
    where: str
    name: str
    value: float
    unit: str
    time: float

    def as_json(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "board": self.board,
            "where": self.where,
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "time": self.time,
        }


class Predictor(Protocol):
    """Whatever turns features into class scores; judged by `evaluation`, whatever is behind it."""

    @property
    def where(self) -> str: ...

    def predict(self, features: Floats) -> Floats:
        """Scores float32 [N, classes] for features float32 [N, *input_shape]."""
        ...


class IntegerPredictor(Predictor, Protocol):
    """A predictor whose model is int8: the host build, an emulated board, a real one."""

    def invoke(self, inputs: Bytes) -> Bytes:
        """Output bytes int8 [N, output_bytes] for input bytes int8 [N, input_bytes]."""
        ...
