"""Sessions with a board that is a host process: the real firmware around a fake model."""

from __future__ import annotations

import dataclasses
import os
import threading
import time
import tty
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fake_board import build_board, expected_layers, flashed, lossy, running

from tinyflow import device
from tinyflow.artifacts import Telemetry, TensorSpec
from tinyflow.device import ConsoleLine, Device, LogLine
from tinyflow.device.session import News
from tinyflow.errors import DeviceError, ModelError

SECONDS_TO_NOTICE = 10.0
LARGE_INPUT, LARGE_OUTPUT = 5000, 3000


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_board(tmp_path_factory.mktemp("board"))


@pytest.fixture(scope="module")
def large_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_board(tmp_path_factory.mktemp("large"), LARGE_INPUT, LARGE_OUTPUT)


@pytest.fixture
def dut(program: Path) -> Iterator[Device]:
    with running(program) as board, device.connect(board) as dut:
        yield dut


def some_inputs(rows: int, size: int = 64, seed: int = 1) -> np.ndarray:  # type: ignore[type-arg]
    return np.random.default_rng(seed).integers(-128, 128, (rows, size), dtype=np.int8)


def test_hello_says_who_it_is(dut: Device) -> None:
    hello = dut.hello
    assert (hello.board, hello.model, hello.build_id) == ("fake-board", "fake", "b1")
    assert hello.model_sha256 == "face" + 60 * "0"
    assert (hello.input_bytes, hello.output_bytes, hello.layers) == (64, 10, 3)
    assert (hello.input_scale, hello.input_zero_point) == (0.5, -3)
    assert hello.counter_unit == "nanoseconds"


def test_inferences_are_the_models(dut: Device) -> None:
    inputs = some_inputs(20)
    outputs = dut.invoke(inputs)
    wanted = [expected_layers(row.tobytes())[-1] for row in inputs]
    assert [row.tobytes() for row in outputs] == wanted
    assert outputs.dtype == np.int8
    assert dut.infer(inputs[0].tobytes()).output == wanted[0]
    assert dut.infer(inputs[0]).count > 0


def test_it_is_a_predictor(program: Path) -> None:
    given = TensorSpec("x", (1, 8, 8, 1), 0.5, -3)
    features = np.linspace(-60, 60, 128, dtype=np.float32).reshape(2, 8, 8, 1)
    with running(program) as board, device.connect(board, input=given) as dut:
        scores = dut.predict(features)
        raw = dut.invoke(given.quantize(features).reshape(2, 64))
    assert dut.where == "device"
    assert scores.shape == (2, 10)
    np.testing.assert_array_equal(scores, (raw.astype(np.float32) + 128) / 256)


def test_large_inputs_and_outputs_go_in_chunks(large_program: Path) -> None:
    data = some_inputs(1, LARGE_INPUT)[0].tobytes()
    wanted = expected_layers(data, LARGE_OUTPUT)
    with running(large_program) as board, device.connect(board) as dut:
        assert dut.infer(data).output == wanted[-1]
        assert [layer.crc32 for layer in dut.layers(data)] == [zlib.crc32(x) for x in wanted]
        assert [dut.layer_output(data, index) for index in range(3)] == wanted
        assert dut.infer(data).output == wanted[-1]


def test_layers_have_checksums_and_counts(dut: Device) -> None:
    data = bytes(range(64))
    layers = dut.layers(data)
    assert [layer.crc32 for layer in layers] == [zlib.crc32(x) for x in expected_layers(data)]
    assert [layer.bytes for layer in layers] == [64, 64, 10]
    assert [layer.index for layer in layers] == [0, 1, 2]
    assert [dut.layer_output(data, index) for index in range(3)] == expected_layers(data)
    assert dut.telemetry().inferences == 0


def test_telemetry_counts(dut: Device) -> None:
    counts = [inference.count for inference in dut.infer_each(some_inputs(30))]
    told = dut.telemetry()
    assert (told.inferences, told.count_min, told.count_max) == (30, min(counts), max(counts))
    assert (told.count, told.count_total) == (counts[-1], sum(counts))
    assert sum(n for _, n in told.histogram) == 30
    assert sum(told.class_counts) == 30
    assert told.arena_bytes == 74


def test_a_deadline_is_watched(dut: Device) -> None:
    dut.configure(deadline=1)
    dut.invoke(some_inputs(3))
    assert (dut.telemetry().deadline, dut.telemetry().deadline_misses) == (1, 3)


def test_what_a_board_says_on_its_own_is_handed_on(program: Path) -> None:
    news: list[News] = []
    with running(program) as board, device.connect(board, listener=news.append) as dut:
        # What it said before the port was open is lost; after a restart it says it again.
        dut.reset()
        dut.configure(heartbeat_ms=20)
        inputs = some_inputs(1)[0]
        end = time.monotonic() + 10
        while len([item for item in news if isinstance(item, Telemetry)]) < 3:
            dut.infer(inputs)
            assert time.monotonic() < end
        assert LogLine("warning", "the log works") in news
        assert ConsoleLine("tinyflow fake on fake-board: stats reset bootloader") in news
        assert set(dut.take_logs()) == {LogLine("warning", "the log works")}
        assert dut.take_telemetry()[-1].inferences > 0
        assert dut.take_telemetry() == []
        heard = [item for item in dut.messages(0.2) if isinstance(item, Telemetry)]
        assert heard
        dut.configure(heartbeat_ms=0)


def test_a_board_restarts_when_told(dut: Device) -> None:
    dut.invoke(some_inputs(2))
    dut.reset()
    assert dut.telemetry().inferences == 0
    with pytest.raises(DeviceError, match="does not restart: this board cannot do that"):
        dut.reset(bootloader=True)


def test_wrong_sizes_and_layers_are_refused_here(dut: Device) -> None:
    with pytest.raises(ModelError, match=r"an input of fake has 64 B, 63 B were given"):
        dut.infer(bytes(63))
    with pytest.raises(ModelError, match="no layer 3"):
        dut.layer_output(bytes(64), 3)


# What can be wrong


def test_another_model_is_refused_by_name(program: Path) -> None:
    with running(program) as board:
        other = dataclasses.replace(board, model_sha256="ab" * 32)
        with pytest.raises(DeviceError, match="runs another model: fake face") as caught:
            device.connect(other)
        assert f"expected is {'ab' * 32}" in caught.value.detail
        assert "tinyflow flash --board fake-board" in caught.value.hints


def test_another_build_is_refused(program: Path) -> None:
    with running(program) as board:
        with pytest.raises(DeviceError, match="runs another build of fake: b1"):
            device.connect(dataclasses.replace(board, build_id="b2"))
        unknown = dataclasses.replace(board, build_id="", model_sha256="")
        with device.connect(unknown) as dut:
            assert dut.hello.model == "fake"


def test_another_protocol_is_refused(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tinyflow.device import messages

    known = messages.definitions()
    newer = dataclasses.replace(known, limits={**known.limits, "PROTOCOL": 3, "PROTOCOL_LOWEST": 2})
    with running(program) as board:
        monkeypatch.setattr(messages, "definitions", lambda: newer)
        with pytest.raises(DeviceError, match="speaks protocol 1, this tinyflow speaks 2 to 3"):
            device.connect(board)


def test_a_port_that_says_nothing_is_reported() -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    try:
        began = time.monotonic()
        with pytest.raises(DeviceError, match="at 921600 baud says nothing of") as caught:
            device.connect(flashed(os.ttyname(slave)), timeout=1.0)
        assert time.monotonic() - began < SECONDS_TO_NOTICE
        assert os.ttyname(slave) in caught.value.what
        assert "nothing came in at all" in caught.value.detail
        assert len(caught.value.hints) == 3
    finally:
        os.close(master)
        os.close(slave)


def test_a_board_with_other_firmware_is_shown() -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    tty.setraw(master)
    try:
        # Late: pyserial forgets what has come before it opened the port.
        writer = threading.Timer(0.3, os.write, (master, b"Hello from the blinky example\n"))
        writer.start()
        with pytest.raises(DeviceError) as caught:
            device.connect(flashed(os.ttyname(slave)), timeout=1.0)
        writer.join()
        assert "| Hello from the blinky example" in caught.value.detail
    finally:
        os.close(master)
        os.close(slave)


def test_a_port_that_is_not_there_is_reported() -> None:
    with pytest.raises(DeviceError, match="port /dev/tty-none does not exist"):
        device.connect(flashed("/dev/tty-none"))
    with pytest.raises(DeviceError, match=r"nothing answers at socket://127\.0\.0\.1:1\n"):
        device.connect(flashed("socket://127.0.0.1:1"))
    with pytest.raises(DeviceError, match="cannot be opened"):
        device.connect(flashed("nonsense://x"))


def test_a_port_in_use_is_reported(program: Path) -> None:
    with (
        running(program) as board,
        device.connect(board),
        pytest.raises(DeviceError, match=r"port /dev/pts/\d+ is in use by this process"),
    ):
        device.connect(board)


def test_a_board_that_dies_leaves_what_it_answered(program: Path) -> None:
    inputs = some_inputs(20)
    answered = []
    with running(program, {"FAKE_EXIT_AFTER": "7"}) as board, device.connect(board) as dut:
        began = time.monotonic()
        with pytest.raises(DeviceError, match="is gone after 7 inferences") as caught:
            for inference in dut.infer_each(inputs):
                answered.append(inference.output)
        assert time.monotonic() - began < SECONDS_TO_NOTICE
        assert "the other side closed the connection" in caught.value.detail
    assert answered == [expected_layers(row.tobytes())[-1] for row in inputs[:7]]


def test_a_board_that_hangs_is_reported(program: Path) -> None:
    answered = []
    with (
        running(program, {"FAKE_HANG_AFTER": "3"}) as board,
        device.connect(board, timeout=1.5) as dut,
    ):
        began = time.monotonic()
        with pytest.raises(DeviceError, match="has gone silent after 3 inferences") as caught:
            for inference in dut.infer_each(some_inputs(5)):
                answered.append(inference)
        assert time.monotonic() - began < SECONDS_TO_NOTICE
        assert "no answer to infer within 1.5 s" in caught.value.detail
    assert len(answered) == 3


def test_a_board_that_restarts_on_the_way_goes_on(large_program: Path) -> None:
    inputs = some_inputs(4, LARGE_INPUT)
    with (
        running(large_program, {"FAKE_RESET_AFTER": "2"}) as board,
        device.connect(board) as dut,
    ):
        outputs = dut.invoke(inputs)
        assert dut.telemetry().inferences == 2
    wanted = [expected_layers(row.tobytes(), LARGE_OUTPUT)[-1] for row in inputs]
    assert [row.tobytes() for row in outputs] == wanted


@pytest.mark.parametrize("seed", [1, 2])
def test_a_bad_line_gives_no_wrong_result(program: Path, seed: int) -> None:
    inputs = some_inputs(300, seed=seed)
    with lossy(program, 0.003, seed) as (board, faults), device.connect(board) as dut:
        for row, inference in zip(inputs, dut.infer_each(inputs), strict=True):
            assert inference.output == expected_layers(row.tobytes())[-1]
        assert faults.count > 100
        # Every request was done once, however often it was sent.
        assert dut.telemetry().inferences == 300


def test_a_bad_line_gives_no_wrong_layer(large_program: Path) -> None:
    data = some_inputs(1, LARGE_INPUT, seed=5)[0].tobytes()
    wanted = expected_layers(data, LARGE_OUTPUT)
    with lossy(large_program, 0.0002, 3) as (board, faults), device.connect(board) as dut:
        for _ in range(4):
            assert dut.infer(data).output == wanted[-1]
            assert [layer.crc32 for layer in dut.layers(data)] == [zlib.crc32(x) for x in wanted]
            for index in range(3):
                assert dut.layer_output(data, index) == wanted[index]
        assert faults.count > 5
