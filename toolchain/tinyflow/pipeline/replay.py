"""`replay`: recorded samples through a board's sensor path, window by window."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyflow import sensors
from tinyflow.config import SensorConfig
from tinyflow.errors import DeviceError, ProjectError
from tinyflow.pipeline import Walk, samples
from tinyflow.pipeline.board import connected

if TYPE_CHECKING:
    from tinyflow.device import Device
    from tinyflow.device.replay import Window
    from tinyflow.sensors import Sensor

BLOCKS_PER_SECOND = 20
MAX_SLEEP_SECONDS = 1.0  # between two signs of life; the board gives a replay up after five


@dataclass(frozen=True)
class WindowRow:
    """One window: its number and first sample from 0, seconds from the start where the rate is
    known, the largest output and its score, the count of the inference."""

    window: int
    sample: int
    seconds: float | None
    label: str
    score: float
    count: int
    late: bool

    def as_json(self) -> dict[str, Any]:
        return dict(vars(self))


class Replay:
    """One replay of `file`. With `real_time` samples are sent at the sensor's rate."""

    def __init__(self, walk: Walk, port: str | None, file: Path, real_time: bool) -> None:
        self._walk, self._sensor = _with_sensor(walk)
        self._port = port
        self._real_time = real_time
        sensor = self._sensor
        if real_time and not sensor.rate_hz:
            raise ProjectError(
                "the sensor's rate is not known, so there is no real time to replay in",
                hints=["rate_hz = 100 in [sensor] of tinyflow.toml"],
            )
        self._recording = samples.read(file, sensor, self._walk.compiled().input)
        self.summary: dict[str, Any] = {}

    def rows(self) -> Iterator[WindowRow]:
        """Each window as it is answered. Afterwards `summary` says how it went."""
        from tinyflow import monitor

        sensor, model = self._sensor, self._walk.compiled()
        counts: list[int] = []
        labels: dict[str, int] = {}
        late = 0
        with connected(self._walk, self._port) as dut:
            self._compare(dut)
            before = misses = dut.telemetry().deadline_misses
            began = time.monotonic()
            for number, window in enumerate(dut.replay(self._blocks())):
                row = self._row(number, window, window.deadline_misses > misses, began)
                misses = window.deadline_misses
                counts.append(row.count)
                labels[row.label] = labels.get(row.label, 0) + 1
                late += row.late
                yield row
            seconds = time.monotonic() - began
            hello = dut.hello
        count = int(np.median(counts)) if counts else 0
        used = (len(counts) - 1) * sensor.hop + sensor.window if counts else 0
        self.summary = {
            "board": hello.board,
            "model": model.name,
            "model_sha256": hello.model_sha256,
            "driver": sensor.driver,
            "samples": self._recording.count,
            "unused_samples": self._recording.count - used,
            "windows": len(counts),
            "labels": labels,
            "counter": hello.counter_unit,
            "count_per_inference": count,
            "latency_us": monitor.microseconds(count, hello),
            "deadline": sensor.deadline or None,
            "deadline_misses": misses - before,
            "late_windows": late,
            "seconds": round(seconds, 3),
        }

    def _compare(self, dut: Device) -> None:
        """Raises DeviceError when the board senses other than the project says."""
        state, sensor = dut.sensor(), self._sensor
        names = ("value_bytes", "channels", "window", "hop", "rate_hz")
        wrong = [
            f"{name}: the board has {getattr(state, name)}, the project {getattr(sensor, name)}"
            for name in names
            if getattr(state, name) != getattr(sensor, name)
        ]
        if not np.isclose(state.scale, sensor.scale, rtol=1e-5):
            wrong.append(f"scale: the board has {state.scale:g}, the project {sensor.scale:g}")
        if wrong:
            board = self._walk.require_board().name
            raise DeviceError(
                f"board {board} senses other than [sensor] says",
                wrong,
                [f"tinyflow flash --board {board}"],
            )

    def _blocks(self) -> Iterator[bytes]:
        sensor, data = self._sensor, self._recording.data
        if not self._real_time:
            yield data
            return
        sample_bytes = sensor.channels * sensor.value_bytes
        step = max(1, min(sensor.hop, sensor.rate_hz // BLOCKS_PER_SECOND))
        began = time.monotonic()
        for first in range(0, self._recording.count, step):
            # A block is there when its last sample is.
            due = began + min(first + step, self._recording.count) / sensor.rate_hz
            while (left := due - time.monotonic()) > 0:
                time.sleep(min(left, MAX_SLEEP_SECONDS))
                if left > MAX_SLEEP_SECONDS:
                    yield b""
            yield data[first * sample_bytes : (first + step) * sample_bytes]

    def _row(self, number: int, window: Window, missed: bool, began: float) -> WindowRow:
        sensor, output = self._sensor, self._walk.compiled().output
        scores = np.frombuffer(window.output, dtype=np.int8)
        best = int(np.argmax(scores))
        score = (int(scores[best]) - output.zero_point) * output.scale
        seconds = window.start / sensor.rate_hz if sensor.rate_hz else None
        # In real time the answer is due, on the line too, when the next hop is full.
        full = window.start + sensor.window + sensor.hop
        late = missed or (self._real_time and time.monotonic() - began > full / sensor.rate_hz)
        return WindowRow(
            number, window.start, seconds, self._label(best), score, window.count, late
        )

    def _label(self, index: int) -> str:
        project = self._walk.project
        labels = project.config.dataset.labels if project is not None else ()
        known = len(labels) == self._walk.compiled().output.size_bytes
        return labels[index] if known else str(index)


def _with_sensor(walk: Walk) -> tuple[Walk, Sensor]:
    """The walk and its sensor; where the project has none, samples come from the host only."""
    project = walk.project
    settings = (project.config.sensor if project is not None else None) or SensorConfig()
    folder = project.folder if project is not None else None
    sensor = sensors.resolve(settings, walk.compiled(), walk.require_board(), folder)
    return replace(walk, sensor_override=settings), sensor
