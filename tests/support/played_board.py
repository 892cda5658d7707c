"""Boards that are played, in time that is played: what a monitor sees, without a port or a wait."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tinyflow.artifacts import DeviceHello, Telemetry
from tinyflow.device import Inference, Layer
from tinyflow.errors import DeviceError
from tinyflow.pipeline.watching.boards import Scene

MODEL = "ab" * 32
# fmt: off
HELLO = DeviceHello(
    protocol=1, tool_version="0.1.0", board="esp32", model="digits", model_sha256=MODEL,
    build_id="b1", arena_bytes=4096, input_bytes=4, output_bytes=3, input_scale=0.5,
    input_zero_point=0, output_scale=0.5, output_zero_point=0, layers=2, counter_unit="cycles",
    clock_hz=1_000_000, chunk_bytes=1024, heartbeat_ms=1000,
)
TELEMETRY = Telemetry(
    inferences=0, count=0, count_min=0, count_max=0, count_total=0, histogram=(), deadline=0,
    deadline_misses=0, class_counts=(0, 0, 0), class_other=0, arena_bytes=4096, stack_bytes=0,
    stack_used_bytes=0, heap_free_bytes=0, reset_reason=0, uptime_ms=0, frames_damaged=0,
)
# fmt: on


class Time:
    """A clock that stands until somebody waits; every thread of a test has its own."""

    def __init__(self, start: float = 1000.0) -> None:
        self.now = start

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return 1e9 + self.now

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.now += seconds
        return event.is_set()


class PlayedBoard:
    """Does ten inferences a second of 100 us each, and what `plan` says at its times.

    `plan` has, by seconds since the start, what happens then: "restart", "vanish" (the port is gone
    until "appear"), "stop" (the test is over), or a function that is given the board.
    """

    def __init__(
        self,
        clock: Time,
        plan: Mapping[float, str | Callable[[PlayedBoard], None]],
        stopping: threading.Event,
    ) -> None:
        self.clock = clock
        self.hello = HELLO
        self.said: dict[str, Any] = {}
        self.unread: list[Telemetry] = []  # heartbeats that came in before it went away
        self.asked: list[str] = []
        self.opened = 0
        self.closed = 0
        self._plan = sorted(plan.items(), key=lambda item: item[0])
        self._stopping = stopping
        self._start = self._booted = self._beat = clock.now
        self._here = True

    # What a test asks

    def scene(self, inputs: Sequence[bytes] | None = None, **more: Any) -> Scene:
        described = {"labels": ["a", "b"]}
        return Scene("esp32", "", MODEL, self.open, lambda hello: described, inputs, **more)

    @contextlib.contextmanager
    def open(self) -> Iterator[tuple[Any, str]]:
        self._happen()
        if not self._here:
            raise DeviceError("port /dev/ttyUSB0 does not exist")
        self.opened += 1
        try:
            yield self, "A601"
        finally:
            self.closed += 1

    # What a watcher asks

    def configure(self, *, heartbeat_ms: int) -> None:
        assert heartbeat_ms == 1000

    def poll(self, seconds: float) -> None:
        self.clock.now += seconds
        self._happen()
        self._answer()

    def infer(self, data: bytes) -> Inference:
        self.poll(0.1)
        return Inference(b"\0\0\0", 100)

    def layers(self, data: bytes) -> list[Layer]:
        self.asked.append("layers")
        return [Layer(0, 4, 1, 72), Layer(1, 3, 2, 31)]

    def telemetry(self) -> Telemetry:
        self._happen()
        self._answer()
        uptime = self.clock.now - self._booted
        inferences = int(uptime * 10)
        return replace(
            TELEMETRY,
            **{
                "inferences": inferences,
                "count": 100,
                "count_min": 100,
                "count_max": 100,
                "count_total": 100 * inferences,
                "histogram": ((64, inferences),),
                "uptime_ms": int(uptime * 1000),
                **self.said,
            },
        )

    def take_telemetry(self) -> list[Telemetry]:
        unread, self.unread = self.unread, []
        if unread:
            return unread
        if not self._here or self.clock.now - self._beat < 1.0:
            return []
        self._beat = self.clock.now
        return [self.telemetry()]

    def _answer(self) -> None:
        if not self._here:
            raise DeviceError("board esp32 on /dev/ttyUSB0 is gone after 7 inferences")

    def _happen(self) -> None:
        while self._plan and self.clock.now - self._start >= self._plan[0][0]:
            _, what = self._plan.pop(0)
            if what == "stop":
                self._stopping.set()
            elif what == "restart":
                self._booted = self.clock.now
            elif what in ("vanish", "appear"):
                self._here = what == "appear"
            elif callable(what):
                what(self)
