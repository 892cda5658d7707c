"""What is measured, and whatever can be judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from tinyflow.artifacts.arrays import Bytes, Floats


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
class MetricRow:
    """One figure. Trackers, dashboard, drift and reports read rows and nothing else.

    `where` is float, int8, host or device; `time` is seconds since the epoch, UTC. `device` tells
    boards of one kind apart: the USB serial number, the port, or a name; empty where it is not
    known.
    """

    run: str
    board: str
    where: str
    name: str
    value: float
    unit: str
    time: float
    device: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "board": self.board,
            "where": self.where,
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "time": self.time,
            "device": self.device,
        }


@dataclass(frozen=True)
class RunDocument:
    """What a board is in a run, told once: `started` is seconds since the epoch, UTC.

    `document` is JSON: `hello` (the fields of DeviceHello), `layers` (index, op, name,
    output_bytes, macs), `arena` (name, offset, bytes, first, last: the layers between which it is
    needed, slow: in the model's slow memory), `arena_bytes`, `labels` of the classes, `alerts`
    (the rules' settings), `every_seconds` (how often telemetry is kept). What is not known is
    empty.
    """

    run: str
    board: str
    device: str
    started: float
    document: Mapping[str, Any]


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
