"""Capturing from a board with a sensor of its own: exact, over a bad line, and without consent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import serial
from fake_board import build_board, expected_layers, lossy, running

from tinyflow import device
from tinyflow.artifacts import FlashedBoard
from tinyflow.device import ConsentError
from tinyflow.device.capture import Sample

SENSES = {"FAKE_SENSES": "1"}
ALLOWED = {**SENSES, "FAKE_CAPTURE": "1"}
HOP = 16
LARGE_INPUT, LARGE_OUTPUT = 1500, 2100


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_board(tmp_path_factory.mktemp("board"))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_board(tmp_path_factory.mktemp("large"), LARGE_INPUT, LARGE_OUTPUT)


def sensed(count: int) -> bytes:
    """The fake board's own samples."""
    return bytes(((i * 37) ^ (i >> 6)) & 0xFF for i in range(count))


def check(samples: list[Sample], hop: int, output_bytes: int) -> None:
    """Each is a window of the stream, later than the one before, and what the model makes of it."""
    stream = sensed(60_000)
    before = -1
    for sample in samples:
        at = stream.find(sample.data, before + 1)
        assert at > before and at % hop == 0
        before = at
        assert sample.output == expected_layers(sample.data, output_bytes)[-1]
        assert sample.count > 0
    assert [sample.number for sample in samples] == sorted({s.number for s in samples})


def captured(dut: device.Device, count: int) -> list[Sample]:
    capturing = dut.capturing()
    found = [capturing.sample(20) for _ in range(count)]
    capturing.finish()
    return [sample for sample in found if sample is not None]


def test_samples_are_what_the_model_saw(program: Path) -> None:
    with running(program, ALLOWED) as place, device.connect(place) as dut:
        assert dut.hello.capture == 2
        samples = captured(dut, 6)
        assert len(samples) == 6
        check(samples, HOP, 10)
        assert [sample.number for sample in samples] == [1, 2, 3, 4, 5, 6]
        # The board goes on by itself, and its telemetry has counted them like any other.
        seen = dut.telemetry().inferences
        assert seen >= 6
        while dut.telemetry().inferences == seen:
            dut.poll(0.01)


def test_a_sample_of_many_chunks_over_a_bad_line(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ALLOWED.items():
        monkeypatch.setitem(os.environ, name, value)
    with lossy(large, 5e-4, 7) as (place, faults), device.connect(place) as dut:
        check(captured(dut, 3), LARGE_INPUT // 4, LARGE_OUTPUT)
    assert faults.count > 0


def test_without_consent_the_error_says_where_it_is_given(program: Path) -> None:
    with running(program, SENSES) as place, device.connect(place) as dut:
        assert dut.hello.capture == 1
        with pytest.raises(ConsentError) as caught:
            dut.capturing()
    text = str(caught.value)
    assert "does not allow capture\n  it is switched on at the device, never from here" in text
    assert f"type `capture on` on its console: a terminal on {place.port}" in text


def type_line(place: FlashedBoard, line: str, answer: str) -> None:
    """What a person does in a terminal on the board's port, and waits for."""
    with serial.serial_for_url(place.port, timeout=10) as terminal:
        terminal.write(f"{line}\r\n".encode())
        assert terminal.read_until(f"{answer}\r\n".encode()).endswith(f"{answer}\r\n".encode())


def test_a_person_at_the_console_gives_and_takes_it(program: Path) -> None:
    with running(program, SENSES) as place:
        with device.connect(place) as dut:
            assert dut.hello.capture == 1
        type_line(place, "capture on", "capture is on")
        with device.connect(place) as dut:
            assert len(captured(dut, 2)) == 2
        type_line(place, "capture off", "capture is off")
        with device.connect(place) as dut, pytest.raises(ConsentError):
            dut.capturing()


def test_consent_ends_with_a_restart(program: Path) -> None:
    """The board restarts at its third inference, and is then as nobody has allowed it."""
    env = {**ALLOWED, "FAKE_RESET_AFTER": "2"}
    with running(program, env) as place, device.connect(place) as dut:
        capturing = dut.capturing()
        with pytest.raises(ConsentError, match="off after every start"):
            for _ in range(20):
                capturing.sample(20)


def test_no_window_is_no_sample(program: Path) -> None:
    with running(program, {"FAKE_CAPTURE": "1"}) as place, device.connect(place) as dut:
        assert dut.capturing().sample(0.05) is None
