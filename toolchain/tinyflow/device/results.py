"""What a session gives back, made from messages whose fields have been checked."""

from __future__ import annotations

from dataclasses import dataclass

from tinyflow.artifacts import DeviceHello, Telemetry
from tinyflow.device import messages, sketches
from tinyflow.device.messages import Message
from tinyflow.errors import DeviceError

# What a hello of the first protocol has already.
# fmt: off
HELLO_FIELDS = frozenset([
    "ARENA_BYTES", "BOARD", "BUILD_ID", "CHUNK_BYTES", "CLOCK_HZ", "COUNTER_UNIT", "HEARTBEAT_MS",
    "INPUT_BYTES", "INPUT_SCALE", "INPUT_ZERO_POINT", "LAYERS", "MODEL", "MODEL_SHA256",
    "OUTPUT_BYTES", "OUTPUT_SCALE", "OUTPUT_ZERO_POINT", "TOOL_VERSION",
])
# fmt: on
# Whatever a board says, it is not given more memory than this.
HELLO_RANGES = (
    ("INPUT_BYTES", 1, 1 << 26),
    ("OUTPUT_BYTES", 1, 1 << 26),
    ("LAYERS", 0, 1 << 16),
    ("CHUNK_BYTES", 1, 1024),
)
LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True)
class Inference:
    """One inference: the output's bytes (int8) and its count in the board's counter unit."""

    output: bytes
    count: int


@dataclass(frozen=True)
class Layer:
    """One layer of one inference: the CRC-32 of its output, its bytes, its count."""

    index: int
    bytes: int
    crc32: int
    count: int


@dataclass(frozen=True)
class LogLine:
    """A line that the firmware logged; `level` is debug, info, warning or error."""

    level: str
    text: str


@dataclass(frozen=True)
class ConsoleLine:
    """A line of text between the frames."""

    text: str


def hello_from(message: Message) -> DeviceHello:
    """Who the board is. Raises DeviceError when it leaves out what every firmware tells, or says
    what cannot be."""
    missing = sorted(HELLO_FIELDS - message.values.keys())
    if missing:
        raise DeviceError(
            "the board's hello is incomplete", [f"{name} is missing" for name in missing]
        )
    wrong = [
        f"{name} is {message.integer(name)}, {low} to {high} can be"
        for name, low, high in HELLO_RANGES
        if not low <= message.integer(name) <= high
    ]
    if wrong:
        raise DeviceError("the board's hello cannot be", wrong)
    integer, text = message.integer, message.text
    return DeviceHello(
        protocol=integer("PROTOCOL"),
        tool_version=text("TOOL_VERSION"),
        board=text("BOARD"),
        model=text("MODEL"),
        model_sha256=message.data("MODEL_SHA256").hex(),
        build_id=text("BUILD_ID"),
        arena_bytes=integer("ARENA_BYTES"),
        input_bytes=integer("INPUT_BYTES"),
        output_bytes=integer("OUTPUT_BYTES"),
        input_scale=message.real("INPUT_SCALE"),
        input_zero_point=integer("INPUT_ZERO_POINT"),
        output_scale=message.real("OUTPUT_SCALE"),
        output_zero_point=integer("OUTPUT_ZERO_POINT"),
        layers=integer("LAYERS"),
        counter_unit=text("COUNTER_UNIT"),
        clock_hz=integer("CLOCK_HZ"),
        chunk_bytes=integer("CHUNK_BYTES"),
        heartbeat_ms=integer("HEARTBEAT_MS"),
        capture=integer("CAPTURE") if "CAPTURE" in message.values else 0,
    )


def bucket_start(bucket: int) -> int:
    """The lowest count of a histogram bucket; bucket 0 starts at 0."""
    if bucket == 0:
        return 0
    octave = messages.definitions().limits["HISTOGRAM_LOWEST_LOG2"] + bucket // 2
    return (3 << octave) // 2 if bucket % 2 else 1 << octave


def telemetry_from(message: Message) -> Telemetry:
    """The figures of a telemetry message."""
    integer = message.integer
    first = integer("HISTOGRAM_FIRST")
    buckets = messages.definitions().limits["HISTOGRAM_BUCKETS"]
    counts = message.integers("HISTOGRAM")[: max(buckets - first, 0)]
    return Telemetry(
        inferences=integer("INFERENCES"),
        count=integer("COUNT"),
        count_min=integer("COUNT_MIN"),
        count_max=integer("COUNT_MAX"),
        count_total=integer("COUNT_TOTAL"),
        histogram=tuple((bucket_start(first + i), n) for i, n in enumerate(counts)),
        deadline=integer("DEADLINE"),
        deadline_misses=integer("DEADLINE_MISSES"),
        class_counts=message.integers("CLASS_COUNTS"),
        class_other=integer("CLASS_OTHER"),
        arena_bytes=integer("ARENA_BYTES"),
        stack_bytes=integer("STACK_BYTES"),
        stack_used_bytes=integer("STACK_USED_BYTES"),
        heap_free_bytes=integer("HEAP_FREE_BYTES"),
        reset_reason=integer("RESET_REASON"),
        uptime_ms=integer("UPTIME_MS"),
        frames_damaged=integer("FRAMES_DAMAGED"),
        confidence=message.integers("CONFIDENCE") if "CONFIDENCE" in message.values else (),
        inputs=sketches.inputs_from(message),
        drift=sketches.drift_from(message),
    )


def log_from(message: Message) -> LogLine:
    """A log line."""
    level = min(message.integer("LEVEL"), len(LEVELS) - 1)
    return LogLine(LEVELS[level], message.text("TEXT"))
