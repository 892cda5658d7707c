"""`monitor`: a board's telemetry as metric rows, kept and handed on as they come."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tinyflow.artifacts import MetricRow, Telemetry
from tinyflow.pipeline import Walk
from tinyflow.pipeline.board import connected
from tinyflow.pipeline.deploy import ROWS, metric_store, run_name
from tinyflow.pipeline.inputs import real_inputs, seeded_inputs

if TYPE_CHECKING:
    from tinyflow.artifacts import Bytes
    from tinyflow.device import Device

HEARTBEAT_MS = 1000
HEARTBEAT_SHARE = 0.9  # of a period between two rows of the same name
POLL_SECONDS = 0.2
REPLAY_INPUTS = 64


def row_text(row: MetricRow) -> str:
    """A row as one line of JSON."""
    return json.dumps(row.as_json())


class Watch:
    """One monitoring run. `replay` feeds inputs meanwhile; None: where the board is emulated."""

    def __init__(
        self, walk: Walk, port: str | None, seconds: float | None, replay: bool | None
    ) -> None:
        self._walk = walk
        self._port = port
        self._seconds = seconds
        self.board = walk.require_board().name
        self._replay = walk.require_board().emulated if replay is None else replay
        self.run = run_name()
        self.connected = False
        self.count = 0
        self.store_path: Path = walk.home / ROWS

    def rows(self) -> Iterator[list[MetricRow]]:
        """Batches of rows, each kept before it is handed on; ends after the seconds asked for."""
        inputs = self._inputs() if self._replay else None
        with metric_store(self._walk) as store, connected(self._walk, self._port) as dut:
            self.connected = True
            dut.configure(heartbeat_ms=HEARTBEAT_MS)
            end = None if self._seconds is None else time.monotonic() + self._seconds
            fed = 0
            last = time.monotonic()
            while end is None or time.monotonic() < end:
                if inputs is not None:
                    dut.infer(inputs[fed % len(inputs)])
                    fed += 1
                else:
                    dut.poll(POLL_SECONDS)
                beats = dut.take_telemetry()
                if not beats and time.monotonic() - last > 2 * HEARTBEAT_MS / 1000:
                    # An emulated board's own clock may run slow: ask instead of waiting for it.
                    beats = [dut.telemetry()]
                # An emulated board's clock may also run fast: one beat a second says it all, since
                # telemetry counts from the start of the board.
                if beats and time.monotonic() - last >= HEARTBEAT_SHARE * HEARTBEAT_MS / 1000:
                    last = time.monotonic()
                    rows = self._rows(dut, beats[-1])
                    store.append(rows)
                    self.count += len(rows)
                    yield rows
            rows = self._rows(dut, dut.telemetry())  # so that even a short run has rows
            store.append(rows)
            self.count += len(rows)
            yield rows

    def _rows(self, dut: Device, telemetry: Telemetry) -> list[MetricRow]:
        from tinyflow import monitor

        now = time.time()
        rows = monitor.telemetry_rows(self.run, dut.hello, telemetry, now)
        if self._walk.sensor() is not None:
            rows += monitor.sensor_rows(self.run, dut.hello, dut.sensor(), now)
        return rows

    def _inputs(self) -> Bytes:
        walk = self._walk
        specs = walk.compiled().inputs
        if walk.project is not None and walk.model is None:
            real = real_inputs(specs, walk.dataset())
            if real is not None:
                return real
        return seeded_inputs(specs, REPLAY_INPUTS, walk.seed)
