"""A board whose model keeps something between inferences."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest
from fake_board import build_board, expected_layers, lossy, running
from golden_frames import STATE_DIALOGUE

from tinyflow import device
from tinyflow.device import protocol
from tinyflow.errors import DeviceError


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_board(tmp_path_factory.mktemp("board"), remembers=True)


def some_inputs(rows: int) -> np.ndarray:  # type: ignore[type-arg]
    return np.random.default_rng(1).integers(-128, 128, (rows, 64), dtype=np.int8)


def expected(data: bytes, before: int) -> bytes:
    """The model's output after `before` inferences since its reset."""
    return bytes((byte + before) & 0xFF for byte in expected_layers(data)[-1])


@pytest.mark.parametrize("turn", STATE_DIALOGUE)
def test_frames_are_those_of_the_golden_dialogue(
    turn: tuple[str, dict[str, protocol.Value], str, str],
) -> None:
    name, values, request, answer = turn
    assert protocol.encode(name, values).hex() == request
    *_, reply = protocol.Reader().feed(bytes.fromhex(answer))
    assert not isinstance(reply, str) and reply.sequence == values["SEQUENCE"]


def test_a_stream_goes_on_until_it_is_reset(program: Path) -> None:
    inputs = some_inputs(6)
    rows = [row.tobytes() for row in inputs]
    with running(program) as board, device.connect(board) as dut:
        outputs = dut.invoke(inputs)
        assert [row.tobytes() for row in outputs] == [expected(r, i) for i, r in enumerate(rows)]
        assert dut.infer(rows[0]).output == expected(rows[0], 6)
        assert dut.infer(rows[1], reset=True).output == expected(rows[1], 0)
        assert dut.infer(rows[2]).output == expected(rows[2], 1)
        dut.reset_state()
        assert dut.infer(rows[3]).output == expected(rows[3], 0)


def test_a_session_takes_up_the_stream_it_finds(program: Path) -> None:
    """The board goes on as it is where nobody resets it; what it counts is then the host's too."""
    data = some_inputs(1)[0].tobytes()
    with running(program) as board:
        with device.connect(board) as dut:
            assert dut.infer(data).output == expected(data, 0)
        with device.connect(board) as dut:
            assert dut.infer(data).output == expected(data, 1)
            assert dut.infer(data).output == expected(data, 2)


def test_looking_at_layers_begins_anew_before_and_after(program: Path) -> None:
    data = some_inputs(1)[0].tobytes()
    wanted = [zlib.crc32(layer) for layer in expected_layers(data)]
    with running(program) as board, device.connect(board) as dut:
        dut.infer(data)
        for _ in range(2):
            assert [layer.crc32 for layer in dut.layers(data)] == wanted
        assert dut.infer(data).output == expected(data, 0)
        assert dut.layer_output(data, 2) == expected(data, 0)
        assert dut.infer(data).output == expected(data, 0)
        assert dut.infer(data).output == expected(data, 1)


def test_a_restart_in_the_middle_of_a_stream_is_told(program: Path) -> None:
    data = some_inputs(1)[0].tobytes()
    with (
        running(program, {"FAKE_RESET_AFTER": "3"}) as board,
        device.connect(board) as dut,
    ):
        for before in range(3):
            assert dut.infer(data).output == expected(data, before)
        with pytest.raises(DeviceError, match="went on from another stream") as caught:
            dut.infer(data)
        assert "it counts 1 inferences since its reset, 4 were expected" in caught.value.detail
        assert dut.infer(data, reset=True).output == expected(data, 0)


def test_a_bad_line_neither_repeats_nor_leaves_out_a_step(program: Path) -> None:
    inputs = some_inputs(200)
    with lossy(program, 0.003, 3) as (board, faults), device.connect(board) as dut:
        for before, row in enumerate(inputs):
            assert dut.infer(row).output == expected(row.tobytes(), before)
        assert faults.count > 50
