"""`capture`: labelled raw samples from a board into a folder, one after another."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyflow import captures, progress
from tinyflow.artifacts import FlashedBoard, TensorSpec
from tinyflow.errors import DeviceError, ProjectError, near_miss
from tinyflow.pipeline import Walk

if TYPE_CHECKING:
    from tinyflow.device import Capturing, Device, Sample

STAGE = "capture"
DEFAULT_FOLDER = "captures"
STEP_SECONDS = 1.0  # between two signs of life while no window comes
WINDOW_SECONDS = 30.0  # least time that a window may take to come
RECONNECT_SECONDS = 30.0
RECONNECT_PAUSE_SECONDS = 0.5
MAX_REPEATED = 50


@dataclass(frozen=True)
class Row:
    """One sample as it came: the board's number of it, what became of it (`captures.ADDED`, `AGAIN`
    or `OTHER_LABEL`), what the board predicted with which score, its file where it was kept."""

    sample: int
    outcome: str
    predicted: str
    score: float
    file: str


class Capture:
    """One capturing of samples that are `label`; ends after `count` kept or `seconds`, or never.

    Raises ProjectError where the label is none of the project's.
    """

    def __init__(
        self,
        walk: Walk,
        port: str | None,
        label: str | None,
        folder: Path | None,
        count: int | None,
        seconds: float | None,
    ) -> None:
        project, dataset = walk.require_project(), walk.dataset()
        self._walk, self._port = walk, port
        self._count, self._seconds = count, seconds
        self._labels, self._shape = dataset.labels, dataset.input_shape
        self._label = _known_label(label, dataset.labels)
        self.path = folder or project.folder / DEFAULT_FOLDER
        self.outcomes = dict.fromkeys((captures.ADDED, captures.AGAIN, captures.OTHER_LABEL), 0)
        self.connected = False
        self._in_a_row = 0
        self._dropped = 0

    def rows(self) -> Generator[Row, None, None]:
        """Each sample when it is on disk.

        A connection that is lost is opened again, for half a minute. Raises ConsentError where the
        board does not allow it, or no longer does.
        """
        board = self._walk.require_board()
        folder = captures.Folder(self.path)
        with _board(self._walk, self._port) as (dut, place):
            self.connected = True
            end = None if self._seconds is None else time.monotonic() + self._seconds
            while not self._is_done(end):
                try:
                    with _capturing(dut) as capturing:
                        for sample in self._samples(capturing, _window_seconds(dut), end):
                            yield self._keep(folder, dut, place, sample)
                except DeviceError as error:
                    if board.emulated:
                        raise _of_emulated(error, dut.hello.capture) from None
                    if _is_final(error):
                        raise
                    self._reconnect(dut, error)

    @property
    def summary(self) -> dict[str, Any]:
        """How it went until now."""
        return {
            "board": self._walk.require_board().name,
            "label": self._label,
            "folder": str(self.path),
            "kept": self.outcomes[captures.ADDED],
            "repeated": self.outcomes[captures.AGAIN],
            "other_label": self.outcomes[captures.OTHER_LABEL],
            "windows_dropped": self._dropped,
        }

    def _is_done(self, end: float | None) -> bool:
        enough = self._count is not None and self.outcomes[captures.ADDED] >= self._count
        return enough or (end is not None and time.monotonic() >= end)

    def _samples(
        self, capturing: Capturing, window_seconds: float, end: float | None
    ) -> Iterator[Sample]:
        heard_at = time.monotonic()
        while not self._is_done(end):
            left = STEP_SECONDS if end is None else min(STEP_SECONDS, end - time.monotonic())
            sample = capturing.sample(max(left, 0.0))
            if sample is not None:
                heard_at = time.monotonic()
                yield sample
                continue
            silent = time.monotonic() - heard_at
            progress.report(STAGE, f"no window for {silent:.0f} s")
            if silent > window_seconds:
                raise _NoWindowError(
                    f"board {self._walk.require_board().name} has had no window for {silent:.0f} s",
                    ["its sensor gives no samples; driver replay has none of its own"],
                )

    def _keep(self, folder: captures.Folder, dut: Device, place: str, sample: Sample) -> Row:
        hello = dut.hello
        output = TensorSpec(
            "output", (1, hello.output_bytes), hello.output_scale, hello.output_zero_point
        )
        scores = output.decode(np.frombuffer(sample.output, np.int8).reshape(1, -1))[0]
        best = int(np.argmax(scores))
        if len(sample.data) != math.prod(self._shape):
            raise _NoWindowError(
                f"board {self._walk.require_board().name} runs a model of another input",
                [f"it has {len(sample.data)} values, the data set {list(self._shape)}"],
            )
        capture = captures.Capture(
            file="",
            sha256="",
            label=self._label,
            sample=sample.number,
            time=time.time(),
            board=hello.board,
            device=place,
            model_sha256=hello.model_sha256,
            build_id=hello.build_id,
            shape=self._shape,
            scale=hello.input_scale,
            zero_point=hello.input_zero_point,
            dtype="int8",
            predicted=self._labels[best] if len(scores) == len(self._labels) else str(best),
            scores=tuple(float(score) for score in scores),
            count=sample.count,
            counter_unit=hello.counter_unit,
            dropped=sample.dropped,
        )
        outcome, file = folder.add(capture, sample.data, self._labels)
        self.outcomes[outcome] += 1
        self._in_a_row = 0 if outcome == captures.ADDED else self._in_a_row + 1
        self._dropped = sample.dropped
        kept = self.outcomes[captures.ADDED]
        progress.report(STAGE, f"{kept} kept as {self._label}", kept, self._count)
        if self._in_a_row >= MAX_REPEATED:
            raise _NoWindowError(
                f"the last {MAX_REPEATED} samples are all in {self.path} already",
                ["the sensor gives the same window again and again"],
            )
        return Row(sample.number, outcome, capture.predicted, capture.scores[best], file)

    def _reconnect(self, dut: Device, lost: DeviceError) -> None:
        end = time.monotonic() + RECONNECT_SECONDS
        while True:
            progress.report(STAGE, f"{lost.what}; connecting again")
            time.sleep(RECONNECT_PAUSE_SECONDS)
            try:
                dut.reconnect()
                return
            except DeviceError as error:
                if time.monotonic() >= end:
                    kept = self.outcomes[captures.ADDED]
                    raise DeviceError(
                        lost.what,
                        [
                            *lost.detail,
                            f"it did not come back within {RECONNECT_SECONDS:g} s",
                            f"{error.what}",
                            f"{kept} kept in {self.path}",
                        ],
                        lost.hints,
                    ) from None


class _NoWindowError(DeviceError):
    """The board is there and has nothing to give: connecting again would not help."""


def _is_final(error: DeviceError) -> bool:
    from tinyflow.device import ConsentError

    return isinstance(error, (_NoWindowError, ConsentError))


def _of_emulated(error: DeviceError, capture: int) -> DeviceError:
    """With hints that hold for a board that nobody can reach before this command starts it."""
    from tinyflow.device import ConsentError

    if not isinstance(error, ConsentError):
        return error
    hint = "have its driver call tnf_capture_allow when it starts, see docs/capture.md"
    return ConsentError(
        error.what,
        error.detail,
        [hint] if capture else ["add [capture] to tinyflow.toml"],
    )


def _known_label(label: str | None, labels: tuple[str, ...]) -> str:
    if label in labels:
        return str(label)
    known = f"the project's labels: {', '.join(labels)}"
    if label is None:
        raise ProjectError("no label was named", [known], [f"add --label {labels[0]}"])
    close = near_miss(label, labels)
    raise ProjectError(
        f"label {label!r} is none of the project's" + (f", did you mean {close}?" if close else ""),
        [known, "a new class needs samples in the data set, and a model that knows it"],
    )


@contextlib.contextmanager
def _board(walk: Walk, port: str | None) -> Iterator[tuple[Device, str]]:
    """The board as it is, whatever model of the project it runs, and the name of the device.

    An emulated one is started."""
    from tinyflow import device

    board = walk.require_board()
    with contextlib.ExitStack() as stack:
        if board.emulated:
            place = stack.enter_context(walk.flashed(port))
            name = "emulated"
        else:
            found = device.seen(device.find_port(board, port))
            reset = found.reset(board)
            place = FlashedBoard(board.name, found.path, board.baud, "", "", reset=reset)
            name = (found.port.serial if found.port is not None else "") or found.path
        yield stack.enter_context(device.connect(place)), name


@contextlib.contextmanager
def _capturing(dut: Device) -> Iterator[Capturing]:
    """Capturing; at the end, whatever it is, the board is told to hold nothing back."""
    capturing = dut.capturing()
    try:
        yield capturing
    finally:
        with contextlib.suppress(DeviceError):
            capturing.finish()


def _window_seconds(dut: Device) -> float:
    """How long to wait for a window: three times as long as one takes to come in."""
    state = dut.sensor()
    seconds = 3 * state.window / state.rate_hz if state.rate_hz else 0.0
    return max(WINDOW_SECONDS, seconds)
