"""Confidences, sketches and drift on their way from the session's C to the host."""

from __future__ import annotations

import ctypes
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drift_device import Telemetry, reference_source
from fake_board import build_shim

from tinyflow import drift
from tinyflow.artifacts import DriftState, TensorSpec
from tinyflow.device import messages, protocol, results
from tinyflow.device.messages import Message, Value

INPUT = TensorSpec("x", (1, 16, 4), 0.5, -3)
OUTPUT = TensorSpec("y", (1, 16), 1 / 256, -128)
WINDOW = 20
TOLD = 16  # inferences after which sketches are told, as in tnf_drift.h
LIMITS = messages.definitions().limits


class Session:
    """A session over memory whose model is compared with a reference."""

    def __init__(self, folder: Path, *, compared: bool) -> None:
        chance = np.random.default_rng(1)
        data = [chance.integers(-20, 20, (50, n)).astype(np.int8) for n in (64, 16)]
        self.reference = drift.plan([INPUT], [OUTPUT], WINDOW)
        if compared:
            self.reference = drift.reference(
                [INPUT], [OUTPUT], *data, window=WINDOW, false_alarm_rate=0.01
            )
        source = folder / "reference.c"
        source.write_text(reference_source(self.reference))
        self.library: Any = build_shim(folder, reference=source, output_bytes=16)
        self.library.shim_telemetry.restype = ctypes.POINTER(Telemetry)
        self.library.shim_start(1, 1, 0)
        self._written = ctypes.create_string_buffer(1 << 16)
        self._take()

    def _take(self) -> bytes:
        size = self.library.memory_port_take(self._written, len(self._written))
        return self._written.raw[:size]

    def ask(self, name: str, **values: Value) -> list[Message]:
        data = protocol.encode(name, values)
        self.library.shim_feed(data, len(data))
        self.library.shim_idle(8)
        return [e for e in protocol.Reader().feed(self._take()) if isinstance(e, Message)]


@pytest.fixture(params=[True, False], ids=["compared", "only sketched"])
def session(request: pytest.FixtureRequest, tmp_path: Path) -> Session:
    return Session(tmp_path, compared=request.param)


def test_telemetry_tells_what_came_in(session: Session) -> None:
    rows = np.random.default_rng(2).integers(-60, 90, (TOLD, 64)).astype(np.int8)
    for number, row in enumerate(rows):
        session.ask("INFER", SEQUENCE=100 + number, DATA=row.tobytes())
    # Runs of their own are no inferences.
    session.ask("LAYERS", SEQUENCE=200, DATA=bytes(64))
    session.ask("DUMP", SEQUENCE=201, LAYER=0, DATA=bytes(64))
    told = results.telemetry_from(session.ask("TELEMETRY", SEQUENCE=202)[0])

    assert sum(told.confidence) == sum(told.class_counts) == TOLD
    assert len(told.inputs) == 4
    for channel, sketch in enumerate(told.inputs):
        levels = rows[:, channel::4].astype(np.float64)
        real = (levels + 3) * 0.5
        assert (sketch.count, sum(sketch.histogram)) == (16 * TOLD, 16 * TOLD)
        assert sketch.mean == pytest.approx(real.mean())
        assert sketch.variance == pytest.approx(real.var())
        assert (sketch.minimum, sketch.maximum) == (real.min(), real.max())
        edges = [(edge + 3) * 0.5 for edge in session.reference.edges[channel]]
        assert sketch.edges == pytest.approx(edges)
        assert sketch.histogram[0] == (real <= edges[0]).sum()
    if not session.reference.compares:
        assert told.drift is None
        return
    limits = (session.reference.input_limit / 16384, session.reference.output_limit / 16384)
    assert told.drift == DriftState(WINDOW, 0, 0, 0.0, limits[0], 0.0, limits[1])
    assert not told.drift.alarmed
    for number in range(WINDOW * 3 - TOLD):
        session.ask("INFER", SEQUENCE=300 + number, DATA=b"\x7f" * 64)
    told = results.telemetry_from(session.ask("TELEMETRY", SEQUENCE=400)[0])
    assert told.drift is not None and told.drift.alarmed
    assert told.drift.windows == 3 and 1 <= told.drift.alarms <= 3
    assert told.drift.input_score > told.drift.input_limit


@pytest.mark.parametrize("session", [False], indirect=True)
def test_nobody_learns_what_a_few_inferences_looked_at(session: Session) -> None:
    """Sketches told before and after one inference would differ by its very input."""
    chance = np.random.default_rng(3)
    told = []
    for number in range(2 * TOLD + 1):
        data = chance.integers(-128, 128, 64).astype(np.int8).tobytes()
        session.ask("INFER", SEQUENCE=100 + 2 * number, DATA=data)
        answers = [session.ask("TELEMETRY", SEQUENCE=101 + 2 * number)[0] for _ in range(2)]
        sketches = {results.telemetry_from(answer).inputs for answer in answers}
        assert len(sketches) == 1  # asked again, the same
        told.append(len(sketches.pop()))
    once = [0] * (TOLD - 1) + [4]
    assert told == [*once, *once, 0]


def test_the_fullest_telemetry_fits_a_frame(session: Session) -> None:
    told = session.library.shim_telemetry()
    ctypes.memset(told, 0xFF, ctypes.sizeof(Telemetry))
    frame = protocol.encode("TELEMETRY", {"SEQUENCE": 0xFFFFFFFF})
    session.library.shim_feed(frame, len(frame))
    session.library.shim_idle(8)
    answer = session._take()
    assert 600 < len(answer) < LIMITS["PAYLOAD_BYTES"] - 100
    (message,) = protocol.Reader().feed(answer)
    assert isinstance(message, Message)
    full = results.telemetry_from(message)
    assert full.confidence == ((1 << 32) - 1,) * 10
    assert [sketch.histogram for sketch in full.inputs] == [(65535,) * 8] * 4


def test_what_cannot_be_read_is_not_told() -> None:
    whole: dict[str, Value] = {
        "SKETCH_STATES": bytes(64),
        "SKETCH_EDGES": bytes(14),
        "SKETCH_SCALE": 1.0,
        "SKETCH_ZERO": 0.0,
    }
    message = Message("TELEMETRY_REPLY", whole)
    empty = results.sketches.inputs_from(message)
    assert [(sketch.count, sketch.mean, sketch.minimum) for sketch in empty] == [(0, 0, 0)] * 2
    for name, value in (("SKETCH_STATES", bytes(63)), ("SKETCH_EDGES", bytes(15))):
        broken = replace(message, values={**whole, name: value})
        assert results.sketches.inputs_from(broken) == ()
    many = {**whole, "SKETCH_STATES": bytes(32 * 99), "SKETCH_EDGES": bytes(7 * 99)}
    assert len(results.sketches.inputs_from(replace(message, values=many))) == LIMITS["SKETCHES"]
    assert results.sketches.drift_from(message) is None
