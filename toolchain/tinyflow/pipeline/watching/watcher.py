"""Watches one board, in a thread of its own: connects, reads, connects again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tinyflow.artifacts import MetricRow, RunDocument, Telemetry
from tinyflow.errors import DeviceError, ToolError
from tinyflow.pipeline.watching.boards import Scene
from tinyflow.pipeline.watching.restarts import Restarts

if TYPE_CHECKING:
    from tinyflow.device import Device

HEARTBEAT_MS = 1000
HEARTBEAT_SHARE = 0.9  # of a period between two rows of the same name
POLL_SECONDS = 0.2
LEAST_RATE_SECONDS = 0.5  # a rate over less says little
LAYERS_RUNS = 20
LAYERS_SECONDS = 2.0  # a slow board is not held up for 20 runs
LAYERS_ATTEMPTS = 3
FIRST_PAUSE_SECONDS = 0.5  # before connecting again; twice that after each attempt
MAX_PAUSE_SECONDS = 30.0


@dataclass(frozen=True)
class News:
    """What a watcher tells. `state` is live, gone, refused, failed or ended.

    Of what is `thinnable`, which comes each second, some may be left out of the store.
    """

    number: int
    state: str
    device: str
    note: str = ""
    rows: tuple[MetricRow, ...] = ()
    documents: tuple[RunDocument, ...] = ()
    error: Exception | None = None
    thinnable: bool = False


class Clock:
    """Time as it is; tests have one of their own."""

    def monotonic(self) -> float:
        """Seconds that only rise."""
        return time.monotonic()

    def time(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait for the event, at most so long; whether it is set."""
        return event.wait(seconds)


class Watcher:
    """Watches the board `scene` until `stopping` is set, and tells what it finds.

    A board that goes away is connected again, ever more seldom. What is no DeviceError or
    ToolError is for good.
    """

    def __init__(
        self,
        number: int,
        scene: Scene,
        run: str,
        tell: Callable[[News], None],
        stopping: threading.Event,
        clock: Clock | None = None,
    ) -> None:
        self._number = number
        self._scene = scene
        self._run = run
        self._hand_on = tell
        self._stopping = stopping
        self._clock = clock or Clock()
        self._device = scene.device
        self._restarts = Restarts(steady=scene.steady)
        self._described = False
        self._layers_left = LAYERS_ATTEMPTS
        self._fed = 0
        self._last: tuple[float, float] | None = None  # inferences, and when
        self._heard: Telemetry | None = None  # the newest heartbeat that has not become rows

    def watch(self) -> None:
        """Watch until told to stop."""
        try:
            self._watch()
        except Exception as error:  # a bug, or what is for good: told in the main thread
            self._tell("failed", str(error).partition("\n")[0], error=error)
            return
        self._tell("ended")

    def _watch(self) -> None:
        from tinyflow import device

        pause = FIRST_PAUSE_SECONDS
        while not self._stopping.is_set():
            began = self._clock.monotonic()
            try:
                with self._scene.open() as (dut, name):
                    self._device = name
                    self._session(dut)
                return
            except (DeviceError, ToolError) as error:
                reason = error
            state, rows = "gone", [self._row("connected", 0, "")]
            if isinstance(reason, device.OtherModelError):
                state, rows = "refused", [*rows, self._row("other_model", 1, "")]
            if self._clock.monotonic() - began > MAX_PAUSE_SECONDS:
                pause = FIRST_PAUSE_SECONDS  # it was there for a while
            self._tell(state, reason.what, tuple(rows), error=reason)
            if self._clock.wait(self._stopping, pause):
                return
            pause = min(2 * pause, MAX_PAUSE_SECONDS)

    def _session(self, dut: Device) -> None:
        self._heard = None
        try:
            dut.configure(heartbeat_ms=HEARTBEAT_MS)
            self._begin(dut)
            self._follow(dut)
        except DeviceError:
            # The last that a board said before it went away is kept in any case.
            if last := self._hear(dut):
                self._beat(dut, last, asks_sensor=False)
            raise
        self._beat(dut, dut.telemetry(), self._scene.senses)  # so that even a short run has rows

    def _hear(self, dut: Device) -> Telemetry | None:
        """The newest heartbeat that has not become rows; it tells what all before it told."""
        for beat in dut.take_telemetry():
            self._heard = beat
        return self._heard

    def _follow(self, dut: Device) -> None:
        scene, clock = self._scene, self._clock
        last = clock.monotonic()
        while not self._stopping.is_set():
            if scene.inputs is not None:
                dut.infer(scene.inputs[self._fed % len(scene.inputs)])
                self._fed += 1
            else:
                dut.poll(POLL_SECONDS)
            beat = self._hear(dut)
            now = clock.monotonic()
            if beat is None and now - last > 2 * HEARTBEAT_MS / 1000:
                # An emulated board's own clock may run slow: ask instead of waiting for it.
                beat = dut.telemetry()
            # An emulated board's clock may also run fast: one beat a second says it all.
            if beat is not None and now - last >= HEARTBEAT_SHARE * HEARTBEAT_MS / 1000:
                last, self._heard = now, None
                self._beat(dut, beat, scene.senses)

    def _begin(self, dut: Device) -> None:
        """Tell what the board is and, where that disturbs nobody, what its layers take."""
        documents = []
        if not self._described:
            self._described = True
            described = self._scene.describe(dut.hello)
            now = self._clock.time()
            documents.append(
                RunDocument(self._run, self._scene.board, self._device, now, described)
            )
        self._tell("live", rows=(self._row("connected", 1, ""),), documents=tuple(documents))
        if self._layers_left and self._scene.inputs is not None and not self._scene.senses:
            self._layers_left -= 1  # a board that goes away each time it is asked is watched too
            rows = self._layers(dut, self._scene.inputs[0])
            self._layers_left = 0
            self._tell("live", rows=tuple(rows))
        self._last = None
        self._beat(dut, dut.telemetry(), self._scene.senses)

    def _layers(self, dut: Device, data: Any) -> list[MetricRow]:
        """What each layer takes of one inference, without what being told of it takes; of cycles
        and nanoseconds the least of some runs.
        """
        from tinyflow import profiling

        unit = dut.hello.counter_unit
        until = self._clock.monotonic() + (0 if unit == "instructions" else LAYERS_SECONDS)
        runs: list[list[int]] = []
        while not runs or (len(runs) < LAYERS_RUNS and self._clock.monotonic() < until):
            # The inference after this one begins anew too, where a model keeps something.
            layers = [layer.count for layer in dut.layers(data)]
            runs.append([dut.infer(data).count, *layers])
        whole, *least = map(min, zip(*runs, strict=True))
        counts = profiling.of_boards(whole, least, self._scene.told).layers
        return [self._row(f"layer_{n}_count", count, unit) for n, count in enumerate(counts)]

    def _beat(self, dut: Device, telemetry: Telemetry, asks_sensor: bool) -> None:
        from tinyflow import monitor

        now, at = self._clock.time(), self._clock.monotonic()
        restarted = self._restarts.hear(telemetry, at)
        rows = monitor.telemetry_rows(self._run, dut.hello, telemetry, now, self._device)
        if asks_sensor:
            rows += monitor.sensor_rows(self._run, dut.hello, dut.sensor(), now, self._device)
        # All rows of a board are of one name, whatever its firmware calls it.
        board = self._scene.board
        rows = [row if row.board == board else replace(row, board=board) for row in rows]
        before = self._last
        if before is None or restarted:
            self._last = (telemetry.inferences, at)
        elif at - before[1] >= LEAST_RATE_SECONDS:
            self._last = (telemetry.inferences, at)
            rate = (telemetry.inferences - before[0]) / (at - before[1])
            rows.append(self._row("throughput", rate, "inferences/s"))
        rows.append(self._row("restarts", self._restarts.count, "restarts"))
        last = self._stopping.is_set()
        self._hand_on(
            News(self._number, "live", self._device, rows=tuple(rows), thinnable=not last)
        )

    def _row(self, name: str, value: float, unit: str) -> MetricRow:
        scene = self._scene
        now = self._clock.time()
        return MetricRow(
            self._run, scene.board, "device", name, float(value), unit, now, self._device
        )

    def _tell(
        self,
        state: str,
        note: str = "",
        rows: tuple[MetricRow, ...] = (),
        documents: tuple[RunDocument, ...] = (),
        error: Exception | None = None,
    ) -> None:
        self._hand_on(News(self._number, state, self._device, note, rows, documents, error))
