"""Runner `bossac`: the bootloader's port, and real bossac at a model of the bootloader."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from serial_peer import SerialPeer
from stand_ins import GOOD, PORT, write

from tinyflow.boards import Bossac, load_board
from tinyflow.errors import DeviceError, ToolError
from tinyflow.flash import bossac

Says = Callable[..., None]


def test_bossac_writes_to_the_bootloaders_port(
    says: Says, tmp_path: Path, bootloader: list[SimpleNamespace]
) -> None:
    says("bossac", GOOD["bossac"])
    file = str(tmp_path / "firmware.bin")
    assert write("bossac", tmp_path) == ["--port=/dev/ttyACM3", "-U", "-i", "-e", "-w", file, "-R"]
    board = replace(load_board("nano33ble"), bossac=Bossac(0x2000))
    assert "--offset=0x2000" in write("bossac", tmp_path, board)


def test_a_running_arduino_is_asked_for_its_bootloader(
    says: Says,
    tmp_path: Path,
    bootloader: list[SimpleNamespace],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its port goes when it is opened at 1200 baud, and the bootloader's comes."""
    says("bossac", GOOD["bossac"])
    running = SimpleNamespace(device=PORT, vid=0x2341, pid=0x805A, serial_number="7")
    loader = bootloader[0]
    bootloader[:] = [running]
    touched = []

    def touch(port: str) -> None:
        touched.append(port)
        bootloader[:] = [loader]

    monkeypatch.setattr(bossac, "_touch", touch)
    assert write("bossac", tmp_path)[0] == "--port=/dev/ttyACM3"
    assert touched == [PORT]


def test_no_bootloader_and_two_of_them(
    says: Says,
    tmp_path: Path,
    bootloader: list[SimpleNamespace],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    says("bossac", GOOD["bossac"])
    loader = bootloader[0]
    bootloader.append(SimpleNamespace(**{**vars(loader), "device": "/dev/ttyACM4"}))
    with pytest.raises(DeviceError, match="2 bootloaders could be board nano33ble's") as told:
        write("bossac", tmp_path)
    assert told.value.detail == ("/dev/ttyACM3", "/dev/ttyACM4")
    bootloader.clear()
    with pytest.raises(DeviceError, match="no bootloader of board nano33ble on USB") as told:
        write("bossac", tmp_path)
    assert "press the board's reset button twice" in told.value.hints[1]


def test_a_touch_of_a_port_that_is_not_there() -> None:
    with pytest.raises(DeviceError, match="port /dev/ttyACM77 does not exist"):
        bossac._touch("/dev/ttyACM77")


class NanoBootloader:
    """The bootloader of a Nano 33 BLE, as far as telling who it is."""

    def __init__(self) -> None:
        self.commands: list[bytes] = []
        self._rest = b""

    def reset(self) -> None:
        pass

    def receive(self, data: bytes) -> bytes:
        *commands, self._rest = (self._rest + data).split(b"#")
        self.commands += commands
        return b"".join(map(self._answer, commands))

    def _answer(self, command: bytes) -> bytes:
        if command.endswith(b"N"):
            return b"\n\r"
        if command.endswith(b"V"):
            return b"Arduino Bootloader (SAM-BA extended) 2.0 [Arduino:IKXYZ]\n\r"
        return b"\0\0\0\0" if re.match(rb"w[0-9A-F]{8},4$", command) else b""


@pytest.mark.skipif(shutil.which("bossac") is None, reason="bossac is not installed")
def test_a_bossac_that_does_not_know_the_chip_is_told_so(
    tmp_path: Path, bootloader: list[SimpleNamespace]
) -> None:
    """Real bossac, as distributions have it, at a model of the bootloader."""
    nano = NanoBootloader()
    with SerialPeer(nano, pty=True) as peer:
        bootloader[0].device = peer.port
        with pytest.raises(ToolError) as told:
            write("bossac", tmp_path)
    assert told.value.what == "this bossac does not know the chip of board nano33ble"
    assert "1.9.1-arduino2" in told.value.detail[0]
    assert nano.commands[:2] == [b"N", b"V"]


@pytest.mark.skipif(shutil.which("bossac") is None, reason="bossac is not installed")
def test_a_bootloader_that_is_gone_by_then(
    tmp_path: Path, bootloader: list[SimpleNamespace]
) -> None:
    with pytest.raises(DeviceError, match="no bootloader of board nano33ble answers on"):
        write("bossac", tmp_path)
