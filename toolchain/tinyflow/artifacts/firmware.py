"""Firmware: a project, the image built from it, a board that runs it and what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


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
    has no meaning. `heartbeat_ms` of 0 means that no telemetry is pushed. `capture` is 0 where the
    firmware cannot give raw samples, 1 where nobody has allowed it on the board, 2 where it may.
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
    capture: int = 0


@dataclass(frozen=True)
class InputSketch:
    """What the values of an input channel, or of a few beside each other, were lately.

    Of about the last two windows of inferences, older ones counting less; `count` is of values.
    `mean`, `variance`, `minimum` and `maximum` are real values. `histogram` counts values by bins;
    `edges` are the highest real values of all bins but the last.
    """

    count: int
    mean: float
    variance: float
    minimum: float
    maximum: float
    histogram: tuple[int, ...]
    edges: tuple[float, ...] = ()


@dataclass(frozen=True)
class DriftState:
    """How far inputs and outputs are from those that the model was trained with.

    A score is a population stability index, made once in `window` inferences; 0 before the first.
    `windows` counts the scores, `alarms` those over their limit. A limit of 0 is of what has no
    reference, and a window of 0 is of a firmware without one.
    """

    window: int
    windows: int
    alarms: int
    input_score: float
    input_limit: float
    output_score: float
    output_limit: float

    @property
    def alarmed(self) -> bool:
        """Whether a score is over its limit now."""
        pairs = (self.input_score, self.input_limit), (self.output_score, self.output_limit)
        return any(0 < limit < score for score, limit in pairs)


@dataclass(frozen=True)
class Telemetry:
    """What a board remembers of its inferences since it started; all counts 0 before the first.

    `histogram` has pairs of a bucket's lower bound and its inferences, without the empty buckets
    at both ends. `class_counts` counts inferences by their largest output, `class_other` those
    beyond. `stack_bytes`, `stack_used_bytes`, `heap_free_bytes` and `reset_reason` (the chip's own
    code) are 0 where unknown; `uptime_ms` wraps after 49 days. `confidence` counts inferences by
    their largest output in tenths of 1, `inputs` has a sketch of each channel or group of them;
    they are empty, and `drift` is None, where the firmware does not know.
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
    confidence: tuple[int, ...] = ()
    inputs: tuple[InputSketch, ...] = ()
    drift: DriftState | None = None


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
