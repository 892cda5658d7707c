"""Replaying samples to a board: exact, over a bad line, and when the board misbehaves."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from fake_board import build_board, expected_layers, lossy, running
from golden_frames import INPUT, REPLAY_DIALOGUE

from tinyflow import device
from tinyflow.artifacts import SensorState
from tinyflow.device import protocol
from tinyflow.device.messages import Message
from tinyflow.device.replay import Sensing, state_from
from tinyflow.device.session import RefusedError
from tinyflow.errors import DeviceError

LARGE_INPUT, LARGE_OUTPUT = 3000, 2100


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_board(tmp_path_factory.mktemp("board"))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_board(tmp_path_factory.mktemp("large"), LARGE_INPUT, LARGE_OUTPUT)


def stream(count: int) -> bytes:
    return random.Random(5).randbytes(count)


def wanted(data: bytes, window: int, hop: int, output: int = 10) -> list[tuple[int, bytes]]:
    starts = range(0, len(data) - window + 1, hop)
    return [(at, expected_layers(data[at : at + window], output)[-1]) for at in starts]


def test_golden_requests_and_answers_are_read() -> None:
    for name, values, request, answer in REPLAY_DIALOGUE:
        (asked,) = protocol.Reader().feed(bytes.fromhex(request))
        assert asked == Message(name, values)
        (reply,) = protocol.Reader().feed(bytes.fromhex(answer))
        assert isinstance(reply, Message)
        assert reply.sequence == values["SEQUENCE"]
    (first,) = protocol.Reader().feed(bytes.fromhex(REPLAY_DIALOGUE[0][3]))
    assert isinstance(first, Message)
    # fmt: off
    assert state_from(first) == SensorState(
        driver="fake", status="", replaying=False, value_bytes=1, channels=1, rate_hz=100,
        window=64, hop=16, scale=0.25, credit=64, windows=0, dropped=0, gaps=0, age=0, age_max=0,
    )
    # fmt: on
    (window,) = protocol.Reader().feed(bytes.fromhex(REPLAY_DIALOGUE[3][3]))
    assert isinstance(window, Message)
    assert window.data() == expected_layers(INPUT)[-1]


def test_a_sensor_that_cannot_be_is_refused() -> None:
    (first,) = protocol.Reader().feed(bytes.fromhex(REPLAY_DIALOGUE[0][3]))
    assert isinstance(first, Message)
    for name, value in (("HOP", 0), ("HOP", 65), ("VALUE_BYTES", 3), ("CHANNELS", 2000)):
        with pytest.raises(DeviceError, match="cannot be"):
            state_from(Message(first.name, {**first.values, name: value}))


def test_a_replayed_window_is_as_one_inference(program: Path) -> None:
    data = stream(500)
    with running(program) as place, device.connect(place) as dut:
        state = dut.sensor()
        assert (state.driver, state.window, state.hop) == ("replay", 64, 16)
        got = list(dut.replay([data[:3], b"", data[3:200], data[200:]]))
        assert [(w.start, w.output) for w in got] == wanted(data, 64, 16)
        for window in got[:5]:
            single = data[window.start : window.start + 64]
            assert dut.infer(single).output == window.output
        state = dut.sensor()
        assert not state.replaying
        assert dut.telemetry().inferences == len(got) + 5


def test_windows_and_outputs_larger_than_a_message(large: Path) -> None:
    data = stream(5000)
    with running(large) as place, device.connect(place) as dut:
        got = [(window.start, window.output) for window in dut.replay([data])]
    assert got == wanted(data, LARGE_INPUT, 750, LARGE_OUTPUT)


@pytest.mark.parametrize("seed", [1, 2])
def test_no_window_is_lost_or_taken_twice_on_a_bad_line(program: Path, seed: int) -> None:
    data = stream(1200)
    with lossy(program, rate=0.002, seed=seed) as (place, faults), device.connect(place) as dut:
        got = [(window.start, window.output) for window in dut.replay([data])]
        inferences = dut.telemetry().inferences
    assert faults.count > 0
    assert got == wanted(data, 64, 16)
    assert inferences == len(got)


def test_a_replay_that_is_given_up_hands_back_to_the_sensor(program: Path) -> None:
    with running(program) as place, device.connect(place) as dut:
        windows = dut.replay([stream(500)])
        next(windows)
        windows.close()
        assert not dut.sensor().replaying
        assert len(list(dut.replay([stream(64)]))) == 1


def test_a_board_that_restarts_has_lost_the_replay(program: Path) -> None:
    with (
        running(program, env={"FAKE_RESET_AFTER": "3"}) as place,
        device.connect(place) as dut,
        pytest.raises(DeviceError, match="no replay is under way") as caught,
    ):
        list(dut.replay([stream(500)]))
    assert "3 inferences were answered" in str(caught.value)


def test_a_board_that_dies_is_told(program: Path) -> None:
    with (
        running(program, env={"FAKE_EXIT_AFTER": "2"}) as place,
        device.connect(place) as dut,
        pytest.raises(DeviceError, match="is gone after 2 inferences"),
    ):
        list(dut.replay([stream(500)]))


@pytest.mark.parametrize("status", [7, 2])
def test_firmware_without_a_sensor_is_told(status: int) -> None:
    class Refusing:
        board = "native"

        def place(self) -> str:
            return "board native on a port"

        def request(self, *_: object) -> None:
            raise RefusedError(Message("STATUS_REPLY", {"STATUS": status}))

    sensing = Sensing(Refusing(), 1024, 10, lambda name: 1.0, lambda output: None)  # type: ignore[arg-type]
    with pytest.raises(DeviceError, match="firmware without a sensor") as caught:
        sensing.state()
    assert "tinyflow flash --board native" in str(caught.value)
