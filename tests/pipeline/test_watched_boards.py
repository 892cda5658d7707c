"""Which boards are watched and how they are found again, without a port."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from played_board import HELLO

from tinyflow import device, pipeline
from tinyflow.artifacts import FlashedBoard
from tinyflow.config import AlertsConfig, BudgetConfig
from tinyflow.device.ports import Port
from tinyflow.device.reappear import Seen
from tinyflow.errors import DeviceError
from tinyflow.pipeline.walk import Walk
from tinyflow.pipeline.watching import boards
from tinyflow.pipeline.watching.boards import Asked, Scene, scenes
from tinyflow.pipeline.watching.document import document

DIGITS = Path(__file__).parents[1] / "models" / "digits.tflite"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("watched")


class Ports:
    """Ports that come and go; `opened` are those that a session was opened on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path: str | None = "/dev/ttyUSB0"
        self.opened: list[FlashedBoard] = []
        monkeypatch.setattr(device, "find_port", lambda board, port: self.found(port))
        monkeypatch.setattr(device, "seen", self.seen)
        monkeypatch.setattr(device, "wait_for", lambda before, board, seconds: self.found())
        monkeypatch.setattr(device, "connect", self.connect)

    def found(self, named: str | None = None) -> str:
        path = named if named is not None and "://" in named else self.path
        if path is None:
            raise DeviceError("no port for board esp32")
        return path

    def seen(self, path: str) -> Seen:
        if "://" in path:
            return Seen(path)
        return Seen(path, Port(path, 0x10C4, 0xEA60, "A601"))

    @contextlib.contextmanager
    def connect(self, flashed: FlashedBoard) -> Iterator[Any]:
        self.opened.append(flashed)
        yield "a session"


def watched(home: Path, asked: list[Asked], replay: bool | None = None) -> list[Scene]:
    def walk_of(one: Asked) -> Walk:
        return pipeline.start(board=one.board, model=one.model or DIGITS, folder=home)

    return scenes(asked, walk_of, replay)


def test_a_board_is_found_again_under_another_name(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = Ports(monkeypatch)
    (scene,) = watched(home, [Asked("esp32", "/dev/ttyUSB0")])
    assert (scene.board, scene.device, scene.steady) == ("esp32", "/dev/ttyUSB0", True)
    assert scene.inputs is None  # a real board is fed by what it senses
    with scene.open() as (dut, name):
        assert (dut, name) == ("a session", "A601")
    ports.path = None
    with pytest.raises(DeviceError, match="no port"), scene.open():
        pass
    ports.path = "/dev/ttyUSB3"
    with scene.open() as (_, name):
        assert name == "A601"
    assert [place.port for place in ports.opened] == ["/dev/ttyUSB0", "/dev/ttyUSB3"]
    assert {place.model_sha256 for place in ports.opened} == {scene.model_sha256}
    assert {place.build_id for place in ports.opened} == {""}


def test_boards_of_a_rig_have_its_names_and_rates(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = Ports(monkeypatch)
    asked = [
        Asked("esp32", name="bench-1", find=lambda board: f"/dev/{board.name}", baud=9600),
        Asked("native", "socket://127.0.0.1:4000"),
    ]
    first, second = watched(home, asked)
    with first.open() as (_, name):
        assert name == "bench-1"
    with second.open() as (_, name):
        assert name == "socket://127.0.0.1:4000"
    assert (ports.opened[0].port, ports.opened[0].baud) == ("/dev/esp32", 9600)
    # An emulated board that runs elsewhere is neither started nor fed, and its clock is its own.
    assert (second.inputs, second.steady) == (None, False)
    (fed,) = watched(home, asked[1:], replay=True)
    assert fed.inputs is not None
    assert len(fed.inputs) == boards.REPLAY_INPUTS


def test_a_board_that_is_found_by_its_serial_number_is_not_looked_up_by_its_profile(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Ports(monkeypatch)
    monkeypatch.setattr(device, "find_port", None)
    monkeypatch.setattr(device, "wait_for", None)
    (scene,) = watched(home, [Asked("esp32", name="one", find=lambda board: "/dev/ttyUSB7")])
    for _ in range(2):
        with scene.open() as (_, name):
            assert name == "one"


def test_a_runs_document_says_what_charts_need(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Ports(monkeypatch)
    compiled = pipeline.start(board="native", model=DIGITS, folder=home).compiled()
    hello = dataclasses.replace(HELLO, model_sha256=compiled.model_sha256)
    alerts = AlertsConfig(drift=2.0, webhook="https://example.com/secret")
    told = document(hello, compiled, ("zero", "one"), alerts, BudgetConfig(latency_us=5))
    assert "secret" not in json.dumps(told)
    assert told["hello"]["board"] == "esp32"
    assert told["labels"] == ["zero", "one"]
    assert (told["alerts"]["drift"], told["alerts"]["latency_us"]) == (2.0, 5)
    assert [layer["index"] for layer in told["layers"]] == list(range(len(compiled.layers)))
    assert set(told["layers"][0]) == {"index", "op", "name", "output_bytes", "macs"}
    assert set(told["arena"][0]) == {"name", "offset", "bytes", "first", "last", "slow"}
    other = document(HELLO, compiled, (), alerts, BudgetConfig())
    assert (other["layers"], other["arena"], other["arena_bytes"]) == ([], [], HELLO.arena_bytes)
