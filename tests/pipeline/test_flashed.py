"""A walk's board is flashed where it is, and found where it is afterwards."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from rfc2217_peer import EspLine, Rfc2217Peer
from serial.tools import list_ports as pyserial
from serial.tools.list_ports_common import ListPortInfo
from small_image import image_of
from wired_board import board_with

from tinyflow import flash
from tinyflow.artifacts import FirmwareImage, FlashedBoard
from tinyflow.boards import Esptool, load_board
from tinyflow.device import reappear
from tinyflow.errors import DeviceError
from tinyflow.pipeline import Walk, flashing


class Built(Walk):
    """A walk whose image there is already."""

    def image(self) -> FirmwareImage:
        return image_of(self.home, "fake-board")


@pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")
def test_a_board_behind_rfc2217_is_restarted_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = dataclasses.replace(board_with("esp-classic"), esptool=Esptool("esp32"))
    line = EspLine()

    @contextlib.contextmanager
    def runner(image: object, board: object, port: str, log: Path) -> Iterator[FlashedBoard]:
        # esptool itself takes 20 s here: pyserial waits 0.2 s with each command.
        assert line.boots == ["loader"]
        yield FlashedBoard("fake-board", port, 115200, "", "")

    monkeypatch.setattr(flash, "flash", runner)
    with Rfc2217Peer(line) as peer, Built(tmp_path, board=board).flashed(peer.port) as flashed:
        assert (flashed.port, flashed.reset) == (peer.port, "esp-classic")
        assert line.boots == ["loader", "flash"]


def test_a_board_that_comes_back_under_another_name_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = []

    def plug(path: str) -> None:
        port = ListPortInfo(path, skip_link_detection=True)
        port.vid, port.pid, port.serial_number = 0x2341, 0x805A, "A1"
        there[:] = [port]

    @contextlib.contextmanager
    def runner(image: object, board: object, port: str, log: Path) -> Iterator[FlashedBoard]:
        plug("COM9")
        yield FlashedBoard("fake-board", port, 115200, "", "")

    monkeypatch.setattr(flash, "flash", runner)
    monkeypatch.setattr(pyserial, "comports", lambda: list(there))
    monkeypatch.setattr(reappear, "PERMISSION_SECONDS", 0.0)
    plug("COM4")
    with Built(tmp_path, board=board_with("touch-1200")).flashed("2341:805A:A1") as flashed:
        assert (flashed.port, flashed.reset) == ("COM9", "touch-1200")


def test_a_board_without_a_port_in_its_bootloader_is_found_when_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there: list[ListPortInfo] = []

    @contextlib.contextmanager
    def runner(image: object, board: object, port: str | None, log: Path) -> Iterator[FlashedBoard]:
        assert port is None
        found = ListPortInfo("COM9", skip_link_detection=True)
        found.vid, found.pid, found.serial_number = 0x2E8A, 0x000A, "E1"
        there.append(found)
        yield FlashedBoard("pico", "", 115200, "", "")

    monkeypatch.setattr(flash, "flash", runner)
    monkeypatch.setattr(flashing, "APPEAR_SECONDS", 0.0)
    monkeypatch.setattr(pyserial, "comports", lambda: list(there))
    board = load_board("pico")
    flashing.check_port(board, None)
    with Built(tmp_path, board=board).flashed() as flashed:
        assert (flashed.port, flashed.reset) == ("COM9", "touch-1200")
    there.clear()
    monkeypatch.setattr(flash, "flash", lambda *_, **__: contextlib.nullcontext(flashed))
    with pytest.raises(DeviceError, match="no port for board pico"):
        Built(tmp_path, board=board).flashed().__enter__()


def test_a_board_that_needs_its_port_is_missed_before_any_work() -> None:
    with pytest.raises(DeviceError, match="port /dev/none-such does not exist"):
        flashing.check_port(load_board("nucleo-f446re"), "/dev/none-such")
