"""A board's port is found by its USB ids; what cannot be decided is listed and asked for."""

from __future__ import annotations

import dataclasses
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from serial.tools import list_ports as pyserial
from serial.tools.list_ports_common import ListPortInfo

from tinyflow.boards import BoardProfile, Counter, Memory, UsbId
from tinyflow.device import ports
from tinyflow.device.ports import find_port, list_ports
from tinyflow.errors import DeviceError

BOARD = BoardProfile(
    name="esp32",
    title="ESP32 DevKit",
    builders=("platformio",),
    runners=("esptool",),
    backend="ref",
    port_layers=("espidf",),
    baud=115200,
    memory=Memory(0, 1, 0, 1),
    counter=Counter("cycles"),
    usb=(UsbId(0x10C4, 0xEA60, "CP2102"), UsbId(0x1A86, 0x7523, "CH340")),
)


def info(
    path: str,
    vendor: int | None = None,
    product: int | None = None,
    serial: str | None = None,
    description: str = "n/a",
) -> ListPortInfo:
    port = ListPortInfo(path, skip_link_detection=True)
    port.vid, port.pid, port.serial_number = vendor, product, serial
    port.description = description
    return port


ONE = info("/dev/ttyUSB0", 0x10C4, 0xEA60, "0001", "CP2102 USB to UART Bridge")
TWO = info("/dev/ttyUSB1", 0x10C4, 0xEA60, "0002", "CP2102 USB to UART Bridge")
CH340 = info("/dev/ttyUSB10", 0x1A86, 0x7523, None, "USB Serial")
MODEM = info("/dev/ttyACM0", 0x1234, 0x5678, "xyz", "A modem")
OLD = info("/dev/ttyS0")

Plug = Callable[..., None]


@pytest.fixture
def plug(monkeypatch: pytest.MonkeyPatch) -> Plug:
    """Gives this machine exactly these ports."""

    def plugged(*there: ListPortInfo) -> None:
        monkeypatch.setattr(pyserial, "comports", lambda: list(there))

    plugged()
    return plugged


def refusal(port: str | None, board: BoardProfile = BOARD) -> str:
    with pytest.raises(DeviceError) as caught:
        find_port(board, port)
    return str(caught.value)


def test_the_one_port_with_the_ids_of_the_profile(plug: Plug) -> None:
    plug(OLD, MODEM, CH340)
    assert find_port(BOARD) == "/dev/ttyUSB10"


def test_ports_on_usb_come_first_and_numbers_are_sorted_as_numbers(plug: Plug) -> None:
    plug(OLD, CH340, TWO, MODEM)
    assert [port.path for port in list_ports()] == [
        "/dev/ttyACM0",
        "/dev/ttyUSB1",
        "/dev/ttyUSB10",
        "/dev/ttyS0",
    ]


def test_no_port_with_such_ids_lists_what_is_there(plug: Plug) -> None:
    plug(OLD, MODEM)
    assert refusal(None) == (
        "no port for board esp32\n"
        "  looked for 10C4:EA60 CP2102, 1A86:7523 CH340\n"
        "  ports there are:\n"
        "    /dev/ttyACM0  1234:5678:xyz  A modem\n"
        "    /dev/ttyS0  no USB ids\n"
        "  hint: plug the board in with a cable that carries data\n"
        "  hint: --port /dev/ttyACM0"
    )


def test_no_port_at_all(plug: Plug) -> None:
    assert refusal(None) == (
        "no port for board esp32\n"
        "  looked for 10C4:EA60 CP2102, 1A86:7523 CH340\n"
        "  this machine has no serial ports\n"
        "  hint: plug the board in with a cable that carries data"
    )


def test_two_candidates_are_listed_and_asked_for(plug: Plug) -> None:
    plug(TWO, ONE, CH340, MODEM)
    assert refusal(None) == (
        "3 ports could be board esp32\n"
        "  /dev/ttyUSB0  10C4:EA60:0001  CP2102 USB to UART Bridge\n"
        "  /dev/ttyUSB1  10C4:EA60:0002  CP2102 USB to UART Bridge\n"
        "  /dev/ttyUSB10  1A86:7523  USB Serial\n"
        "  hint: --port 10C4:EA60:0001\n"
        "  hint: --port 10C4:EA60:0002\n"
        "  hint: --port /dev/ttyUSB10"
    )


def test_clones_with_one_serial_number_are_named_by_their_paths(plug: Plug) -> None:
    twin = info("/dev/ttyUSB7", 0x10C4, 0xEA60, "0001")
    plug(ONE, twin)
    assert refusal(None).endswith("hint: --port /dev/ttyUSB0\n  hint: --port /dev/ttyUSB7")
    assert refusal("10c4:ea60:0001").startswith("2 ports could be board esp32\n")


def test_a_port_is_named_by_ids_and_serial_number(plug: Plug) -> None:
    plug(ONE, TWO, CH340)
    assert find_port(BOARD, "10C4:EA60:0002") == "/dev/ttyUSB1"
    assert find_port(BOARD, "1a86:7523") == "/dev/ttyUSB10"
    assert refusal("10C4:EA60").startswith("2 ports could be board esp32\n")
    assert refusal("10C4:EA60:0003") == (
        "no port with USB ids 10C4:EA60:0003\n"
        "  ports there are:\n"
        "    /dev/ttyUSB0  10C4:EA60:0001  CP2102 USB to UART Bridge\n"
        "    /dev/ttyUSB1  10C4:EA60:0002  CP2102 USB to UART Bridge\n"
        "    /dev/ttyUSB10  1A86:7523  USB Serial"
    )


def test_a_profile_without_ids_needs_a_port(plug: Plug) -> None:
    plug(ONE)
    assert refusal(None, dataclasses.replace(BOARD, usb=())) == (
        "no port for board esp32\n"
        "  its profile names no USB ids\n"
        "  ports there are:\n"
        "    /dev/ttyUSB0  10C4:EA60:0001  CP2102 USB to UART Bridge\n"
        "  hint: plug the board in with a cable that carries data\n"
        "  hint: --port /dev/ttyUSB0"
    )


@pytest.fixture
def pty() -> Iterator[str]:
    master, slave = os.openpty()
    yield os.ttyname(slave)
    os.close(master)
    os.close(slave)


@pytest.mark.parametrize(
    "port",
    [
        "socket://127.0.0.1:4000",
        "socket://[::1]:4000",
        "rfc2217://bench.local:2217?logging=debug",
        "rfc2217://bench.local:2217?ign_set_control&timeout=10",
    ],
)
def test_what_pyserial_opens_by_name_is_taken_as_given(plug: Plug, port: str) -> None:
    assert find_port(BOARD, port) == port


@pytest.mark.parametrize(
    ("given", "name"),
    [("COM3", "COM3"), ("com12", "COM12"), ("\\\\.\\COM10", "COM10"), ("\\\\.\\com4", "COM4")],
)
def test_names_of_windows_are_taken_there(
    plug: Plug, monkeypatch: pytest.MonkeyPatch, given: str, name: str
) -> None:
    monkeypatch.setattr(ports, "ON_WINDOWS", True)
    assert find_port(BOARD, given) == name


def test_names_of_windows_are_nothing_elsewhere(plug: Plug) -> None:
    plug(ONE)
    assert refusal("com12") == (
        "port COM12 does not exist\n"
        "  names like this are of Windows; in WSL, attach the board with usbipd\n"
        "  ports there are:\n"
        "    /dev/ttyUSB0  10C4:EA60:0001  CP2102 USB to UART Bridge"
    )


def test_two_names_of_one_port(tmp_path: Path) -> None:
    assert ports.is_same_path("COM10", "\\\\.\\com10")
    assert not ports.is_same_path("COM1", "COM10")
    (tmp_path / "by-id").symlink_to("/dev/null")
    assert ports.is_same_path(str(tmp_path / "by-id"), "/dev/null")


def test_macs_name_for_calling_out_is_preferred(
    plug: Plug, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = {"/dev/cu.usbserial-1", "/dev/tty.usbserial-1", "/dev/tty.old"}
    monkeypatch.setattr(ports.Path, "exists", lambda path: str(path) in there)
    monkeypatch.setattr(ports.Path, "stat", lambda path: os.stat_result([stat.S_IFCHR] + [0] * 9))
    assert find_port(BOARD, "/dev/tty.usbserial-1") == "/dev/cu.usbserial-1"
    assert find_port(BOARD, "/dev/tty.old") == "/dev/tty.old"
    ids = (0x10C4, 0xEA60, "0001")
    plug(info("/dev/tty.usbserial-1", *ids), info("/dev/cu.usbserial-1", *ids))
    assert [port.path for port in list_ports()] == ["/dev/cu.usbserial-1"]
    assert find_port(BOARD) == "/dev/cu.usbserial-1"


@pytest.mark.parametrize(
    ("port", "said"),
    [
        (
            "rfc2217://host:2217?ign_set_contol",
            "has an option that is not known: ign_set_contol, did you mean ign_set_control?\n"
            "  rfc2217:// takes ign_set_control, poll_modem, timeout, logging",
        ),
        (
            "socket://host:2217?timeout=3",
            "has an option that is not known: timeout\n  socket:// takes logging",
        ),
        ("socket://host:70000", "has port number 70000, there are 1 to 65535"),
    ],
)
def test_options_and_numbers_of_a_url_are_checked(plug: Plug, port: str, said: str) -> None:
    assert refusal(port) == f"port {port} {said}"


@pytest.mark.parametrize(
    ("port", "said"),
    [
        ("rfc2217://h:1?timeout=soon", "timeout is a number of seconds, 'soon' was given"),
        ("socket://h:1?logging=all", "logging is one of debug, info, warning, error"),
    ],
)
def test_values_of_options_are_checked(plug: Plug, port: str, said: str) -> None:
    assert refusal(port) == f"port {port}: {said}"


def test_a_path_that_is_a_terminal_is_taken_as_given(plug: Plug, pty: str, tmp_path: Path) -> None:
    assert find_port(BOARD, pty) == pty
    link = tmp_path / "usb-board-if00"
    link.symlink_to(pty)
    assert find_port(BOARD, str(link)) == str(link)


def test_a_path_that_is_not_there_names_the_near_one(plug: Plug) -> None:
    plug(ONE, MODEM)
    assert refusal("/dev/ttyUSB77") == (
        "port /dev/ttyUSB77 does not exist, did you mean /dev/ttyUSB0?\n"
        "  ports there are:\n"
        "    /dev/ttyACM0  1234:5678:xyz  A modem\n"
        "    /dev/ttyUSB0  10C4:EA60:0001  CP2102 USB to UART Bridge\n"
        "  hint: --port /dev/ttyUSB0"
    )
    assert refusal("ttyUSB0").startswith("port ttyUSB0 does not exist, did you mean /dev/ttyUSB0?")


def test_a_long_list_is_cut(plug: Plug) -> None:
    plug(*(info(f"/dev/ttyS{number}") for number in range(32)))
    text = refusal("/nowhere")
    assert text.splitlines()[0] == "port /nowhere does not exist"
    assert text.count("/dev/ttyS") == 12
    assert text.endswith("    and 20 more")


def test_a_file_is_not_a_port(plug: Plug, tmp_path: Path) -> None:
    file = tmp_path / "image.bin"
    file.touch()
    assert refusal(str(file)) == f"{file} is not a serial port\n  it is a file or a folder"


@pytest.mark.parametrize("port", ["telnet://host:23", "file:///dev/null", "://host:1"])
def test_an_unknown_scheme(plug: Plug, port: str) -> None:
    assert refusal(port) == (
        f"port {port} has a scheme that is not known\n  known: socket://, rfc2217://"
    )


@pytest.mark.parametrize("place", ["", "host", "host:", "host:port", ":4000", "host:123456"])
def test_a_url_without_host_and_number(plug: Plug, place: str) -> None:
    assert refusal(f"socket://{place}") == (
        f"port socket://{place} is not a host and a port number\n  hint: --port socket://host:2217"
    )


def test_the_ports_of_this_machine_can_be_listed() -> None:
    assert all(port.path for port in list_ports())
