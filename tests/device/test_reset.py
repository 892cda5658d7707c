"""Restarting boards: by the lines of their port, as their wiring wants it, or by their firmware."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import itertools
import os
import socket
import struct
import termios
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from fake_board import build_board, flashed, running
from rfc2217_peer import EspLine, Line, Rfc2217Peer
from serial.tools import list_ports as pyserial
from serial.tools.list_ports_common import ListPortInfo
from wired_board import board_with

from tinyflow import device
from tinyflow.boards import load_board
from tinyflow.boards.profile import Reset
from tinyflow.device import reappear
from tinyflow.device.link import Link, NoLinesError
from tinyflow.device.reset import Restart
from tinyflow.device.wiring import WIRINGS, reset_of
from tinyflow.errors import DeviceError

pytestmark = pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_board(tmp_path_factory.mktemp("board"))


@pytest.fixture
def pty() -> Iterator[str]:
    master, slave = os.openpty()
    tty.setraw(slave)
    yield os.ttyname(slave)
    os.close(master)
    os.close(slave)


def test_every_wiring_of_a_profile_is_known() -> None:
    assert set(WIRINGS) == set(get_args(Reset))


# An ESP32 behind its two transistors


@pytest.mark.parametrize(("bootloader", "boots"), [(False, ["flash"]), (True, ["loader"])])
def test_an_esp32_starts_where_it_is_told(bootloader: bool, boots: list[str]) -> None:
    chip = EspLine()
    with Rfc2217Peer(chip) as peer:
        done = device.restart(board_with("esp-classic"), peer.port, bootloader=bootloader)
    assert done == Restart("lines", peer.port, confirmed=True)
    assert chip.boots == boots
    assert chip.changes[-1] == (False, False)
    assert chip.baudrate == 115200


def test_a_large_capacitor_at_the_reset_pin_gets_the_longer_sequence() -> None:
    chip = EspLine(rise_seconds=0.25)
    with Rfc2217Peer(chip) as peer:
        assert device.restart(board_with("esp-classic"), peer.port, bootloader=True).confirmed
    assert chip.boots == ["flash", "loader"]


def test_a_boot_pin_that_is_not_wired_is_told() -> None:
    chip = EspLine(boot_pin=False)
    with Rfc2217Peer(chip) as peer, pytest.raises(DeviceError) as caught:
        device.restart(board_with("esp-classic"), peer.port, bootloader=True)
    assert str(caught.value) == (
        f"board fake-board on {peer.port} starts its firmware, not its bootloader\n"
        "  DTR does not reach its boot pin, or too late\n"
        "  hint: hold BOOT, press and release RESET (EN), release BOOT"
    )
    assert chip.boots == ["flash", "flash"]


def test_a_boot_button_that_is_held_is_told() -> None:
    with Rfc2217Peer(EspLine(held=True)) as peer, pytest.raises(DeviceError) as caught:
        device.restart(board_with("esp-classic"), peer.port)
    assert caught.value.what.endswith("starts its bootloader, not its firmware")


def test_a_chip_that_says_nothing_is_restarted_without_proof() -> None:
    line = Line()
    with Rfc2217Peer(line) as peer:
        done = device.restart(board_with("esp-classic"), peer.port, bootloader=True)
    assert (done.by, done.confirmed) == ("lines", False)
    assert line.changes[-5:] == [
        *((False, False), (False, True), (True, True), (True, False)),
        (False, False),
    ]


def test_the_chips_own_usb_is_wired_otherwise() -> None:
    jtag = WIRINGS["esp-usb-jtag"]
    for name in ("esp32c3", "esp32s3", "esp32c6"):
        assert reset_of(load_board(name), 0x303A, 0x1001) == "esp-usb-jtag"
        assert reset_of(load_board(name), 0x10C4, 0xEA60) == "esp-classic"
    assert reset_of(load_board("esp32"), 0x303A, 0x1001) == "esp-classic"
    assert reset_of(load_board("pico"), 0x2E8A, 0x000A) == "touch-1200"
    assert reset_of(load_board("pico"), None, None) == "none"
    # Into the bootloader: DTR alone, then both, then RTS alone; never none in between.
    lines = [(step.dtr, step.rts) for step in jtag.loader[0]]
    assert lines == [(False, False), (True, False), (True, True), (False, True), (False, False)]


def test_an_avr_is_restarted_by_an_edge_of_dtr() -> None:
    line = Line()
    with Rfc2217Peer(line) as peer:
        done = device.restart(board_with("dtr-pulse"), peer.port)
    assert done == Restart("lines", peer.port, confirmed=False)
    assert [dtr for dtr, _ in itertools.groupby(dtr for dtr, _ in line.changes)] == [
        True,
        False,
        True,
    ]


# Boards that are asked


@pytest.mark.parametrize("wiring", ["none", "esp-classic", "dtr-pulse"])
def test_a_port_without_lines_has_the_firmware_asked(program: Path, wiring: Reset) -> None:
    board = board_with(wiring)
    with running(program) as place:
        with device.connect(place) as dut:
            dut.infer(bytes(64))
            assert dut.telemetry().inferences == 1
        assert device.restart(board, place.port) == Restart("firmware", place.port, True)
        with device.connect(place) as dut:
            assert dut.telemetry().inferences == 0
        with pytest.raises(DeviceError, match="does not restart: this board cannot do that"):
            device.restart(board, place.port, bootloader=True)


def test_plain_tcp_is_told_to_carry_no_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(place: Any) -> None:
        raise DeviceError(f"board on {place.port} says nothing", ["as it is"], ["press reset"])

    monkeypatch.setattr("tinyflow.device.reset.connect", silent)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = f"socket://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(DeviceError) as caught:
            device.restart(board_with("esp-classic"), port)
    assert caught.value.detail == (
        "as it is",
        "socket:// carries no DTR and RTS, so the firmware was asked; rfc2217:// does",
    )
    assert caught.value.hints == ("press reset",)


# Boards whose port is their own USB


class Usb:
    """A port that stands in for a board's own USB; `touched` is what happens at the touch."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ports: list[ListPortInfo] = []
        self.opened: list[int] = []
        self.lines: list[tuple[bool, bool]] = []
        self.after: list[ListPortInfo] | None = None
        usb = self

        class FakeLink:
            def __init__(self, url: str, baud: int, wiring: object) -> None:
                usb.opened.append(baud)

            def lines(self, dtr: bool, rts: bool) -> None:
                usb.lines.append((dtr, rts))

            def close(self) -> None:
                if usb.after is not None:
                    usb.ports = usb.after

        monkeypatch.setattr(pyserial, "comports", lambda: list(self.ports))
        monkeypatch.setattr("tinyflow.device.reset.Link", FakeLink)
        monkeypatch.setattr(reappear, "VANISH_SECONDS", 0.1)
        monkeypatch.setattr("tinyflow.device.reset.BOOTLOADER_PORT_SECONDS", 0.1)
        monkeypatch.setattr(reappear, "COME_BACK_SECONDS", 0.2)
        monkeypatch.setattr(reappear, "PERMISSION_SECONDS", 0.0)


def usb_port(path: str, product: int, location: str = "1-4") -> ListPortInfo:
    port = ListPortInfo(path, skip_link_detection=True)
    port.vid, port.pid, port.serial_number, port.location = 0x2341, product, "", location
    return port


@pytest.fixture
def usb(monkeypatch: pytest.MonkeyPatch) -> Usb:
    usb = Usb(monkeypatch)
    usb.ports = [usb_port("/dev/ttyACM7", 0x805A), usb_port("/dev/ttyACM8", 0x805A, "1-5")]
    return usb


def test_a_touch_at_1200_baud_leads_to_the_bootloaders_port(usb: Usb) -> None:
    usb.after = [usb_port("/dev/ttyACM9", 0x005A), usb.ports[1]]
    done = device.restart(board_with("touch-1200"), "/dev/ttyACM7", bootloader=True)
    assert done == Restart("lines", "/dev/ttyACM9", confirmed=True)
    assert usb.opened == [1200]
    assert usb.lines == [(True, True), (False, True)]


def test_a_bootloader_that_is_a_drive_has_no_port(usb: Usb) -> None:
    usb.after = [usb.ports[1]]
    done = device.restart(board_with("touch-1200"), "/dev/ttyACM7", bootloader=True)
    assert done == Restart("lines", "", confirmed=True)


def test_a_touch_that_nobody_feels_has_the_firmware_asked(
    usb: Usb, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    class Dut(contextlib.nullcontext[None]):
        def __enter__(self) -> Dut:  # type: ignore[override]
            return self

        def reset(self, bootloader: bool) -> None:
            asked.append(bootloader)
            usb.ports = [usb_port("/dev/ttyACM9", 0x005A)]

    monkeypatch.setattr("tinyflow.device.reset.connect", lambda place: Dut())
    done = device.restart(board_with("touch-1200"), "/dev/ttyACM7", bootloader=True)
    assert done == Restart("firmware", "/dev/ttyACM9", confirmed=True)
    assert (usb.opened, asked) == ([1200], [True])
    # There is no plain restart by lines: the firmware is asked at once.
    usb.ports = [usb_port("/dev/ttyACM9", 0x805A)]
    device.restart(board_with("touch-1200"), "/dev/ttyACM9")
    assert (usb.opened, asked) == ([1200], [True, False])


def test_a_restarted_board_that_stays_away_is_told(usb: Usb) -> None:
    usb.after = [usb.ports[1]]
    with pytest.raises(DeviceError) as caught:
        device.restart(board_with("esp-usb-jtag"), "/dev/ttyACM7")
    assert str(caught.value) == (
        "board fake-board on /dev/ttyACM7 has not come back within 0.2 s\n"
        "  it was /dev/ttyACM7  2341:805A\n"
        "  looked at USB 1-4, and for its serial number\n"
        "  ports there are:\n"
        "    /dev/ttyACM8  2341:805A\n"
        "  hint: press the board's reset button, or unplug it and plug it in again\n"
        "  hint: tinyflow ports"
    )


# A local port


def test_a_pty_has_no_lines(pty: str) -> None:
    link = Link(pty, 115200, WIRINGS["esp-classic"])
    with pytest.raises(NoLinesError):
        link.lines(True, False)
    link.close()


def test_lines_of_a_local_port_are_set_in_one_call(
    pty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    carrier = termios.TIOCM_CAR
    state = [carrier | termios.TIOCM_DTR | termios.TIOCM_RTS]
    real = fcntl.ioctl

    def ioctl(terminal: int, request: int, argument: Any = 0) -> Any:
        if request == termios.TIOCMGET:
            return struct.pack("I", state[-1])
        if request == termios.TIOCMSET:
            state.append(struct.unpack("I", argument)[0])
            return argument
        return real(terminal, request, argument)

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    link = Link(pty, 115200, WIRINGS["esp-classic"])
    link.lines(False, True)
    link.lines(True, False)
    link.close()
    assert state[1:] == [carrier, carrier | termios.TIOCM_RTS, carrier | termios.TIOCM_DTR]


@pytest.mark.parametrize("wiring", list(WIRINGS))
def test_only_a_board_that_resets_by_dtr_keeps_its_lines_on_closing(pty: str, wiring: str) -> None:
    watch = os.open(pty, os.O_RDWR | os.O_NOCTTY)
    settings = termios.tcgetattr(watch)
    settings[2] |= termios.HUPCL
    termios.tcsetattr(watch, termios.TCSANOW, settings)
    Link(pty, 115200, WIRINGS[wiring]).close()
    kept = not termios.tcgetattr(watch)[2] & termios.HUPCL
    os.close(watch)
    assert kept is (wiring == "dtr-pulse")


def test_a_session_opens_the_port_as_the_board_is_wired(program: Path, pty: str) -> None:
    with running(program) as place:
        watch = os.open(place.port, os.O_RDWR | os.O_NOCTTY)
        with device.connect(dataclasses.replace(place, reset="dtr-pulse")):
            assert not termios.tcgetattr(watch)[2] & termios.HUPCL
        os.close(watch)


def test_another_program_that_reads_along_is_named_when_a_board_is_silent(pty: str) -> None:
    from tinyflow import process

    with Path(pty).open("rb") as port:
        child = process.start(["sleep", "60"], stdin=port)
    try:
        with pytest.raises(DeviceError) as caught:
            device.connect(flashed(pty), timeout=0.2)
    finally:
        process.stop(child)
    wanted = f"sleep (pid {child.pid}) has the port open too and takes what comes in"
    assert wanted in caught.value.detail
