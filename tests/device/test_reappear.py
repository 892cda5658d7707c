"""A board that restarts may come back under another name; what it is plugged into stays."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from serial.tools import list_ports as pyserial
from serial.tools.list_ports_common import ListPortInfo
from wired_board import board_with

from tinyflow.device import reappear, seen, wait_for
from tinyflow.errors import DeviceError

BOARD = board_with("touch-1200")
BRIDGE = board_with("esp-classic")
OWN, LOADER = (0x2341, 0x805A), (0x2341, 0x005A)


def info(
    path: str, ids: tuple[int, int] = OWN, serial: str = "", location: str = ""
) -> ListPortInfo:
    port = ListPortInfo(path, skip_link_detection=True)
    (port.vid, port.pid), port.serial_number, port.location = ids, serial, location
    return port


Plug = Callable[..., None]


@pytest.fixture
def plug(monkeypatch: pytest.MonkeyPatch) -> Plug:
    """Gives this machine exactly these ports."""
    monkeypatch.setattr(reappear, "VANISH_SECONDS", 0.1)
    monkeypatch.setattr(reappear, "PERMISSION_SECONDS", 0.0)

    def plugged(*there: ListPortInfo) -> None:
        monkeypatch.setattr(pyserial, "comports", lambda: list(there))

    return plugged


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        # by its serial number, in another socket
        (
            info("/dev/ttyACM0", serial="A1", location="1-4"),
            [
                info("/dev/ttyACM0", serial="B2", location="1-4.9"),
                info("/dev/ttyACM1", LOADER, "A1"),
            ],
            "/dev/ttyACM1",
        ),
        # by its socket, where the bootloader has no serial number
        (
            info("COM4", serial="A1", location="1-4"),
            [info("COM9", LOADER, "", "1-5"), info("COM17", LOADER, "", "1-4")],
            "COM17",
        ),
        # of two ports of the same board, the one at the same place
        (
            info("/dev/ttyACM1", serial="A1", location="1-4:1.2"),
            [
                info("/dev/ttyACM2", OWN, "A1", "1-4:1.0"),
                info("/dev/ttyACM3", OWN, "A1", "1-4:1.2"),
            ],
            "/dev/ttyACM3",
        ),
        # without both, a port that is new and has the board's ids
        (
            info("COM4"),
            [info("COM5", OWN), info("COM6", (0x1234, 0x5678)), info("COM7", LOADER)],
            "COM7",
        ),
    ],
)
def test_a_board_is_found_again(
    plug: Plug, before: ListPortInfo, after: list[ListPortInfo], found: str
) -> None:
    other = info("COM5", OWN)
    plug(before, other)
    was = seen(before.device)
    plug(*after)
    assert wait_for(was, BOARD, 0.0) == found


def test_another_board_of_the_kind_is_not_taken_for_it(plug: Plug) -> None:
    plug(info("/dev/ttyACM7", serial="A1", location="1-4"))
    was = seen("/dev/ttyACM7")
    plug(info("/dev/ttyACM8", serial="B2", location="1-5"))
    with pytest.raises(DeviceError, match=r"on /dev/ttyACM7 has not come back within 0\.1 s"):
        wait_for(was, BOARD, 0.1)


def test_it_is_waited_for(plug: Plug) -> None:
    plug(info("COM4", serial="A1"))
    was = seen("COM4")
    plug()
    timer = threading.Timer(0.2, plug, (info("COM8", serial="A1"),))
    timer.start()
    assert wait_for(was, BOARD, 10.0) == "COM8"
    timer.join()


def test_a_port_that_has_not_gone_is_the_port(plug: Plug, tmp_path: Path) -> None:
    link = tmp_path / "by-id"
    link.symlink_to("/dev/null")
    plug(info("/dev/null", serial="A1"))
    was = seen(str(link))
    assert not reappear.has_vanished(was)
    # By the name it was given, which does not change with the socket.
    assert wait_for(was, BOARD, 0.0) == str(link)


def test_a_port_that_came_back_unseen_is_noticed(plug: Plug, tmp_path: Path) -> None:
    port, new = tmp_path / "ttyACM0", tmp_path / "new"
    port.touch()
    plug(info(str(port), serial="A1"))
    was = seen(str(port))
    assert not reappear.has_vanished(was)
    new.touch()
    new.rename(port)
    assert reappear.has_vanished(was)
    assert wait_for(was, BOARD, 0.0) == str(port)
    port.unlink()
    assert reappear.has_vanished(was)


def test_what_is_not_on_usb_is_taken_as_it_is(plug: Plug, tmp_path: Path) -> None:
    plug()
    assert wait_for(seen("socket://host:1"), BRIDGE, 0.0) == "socket://host:1"
    assert not reappear.has_vanished(seen("rfc2217://host:1"))
    port = tmp_path / "ttyS0"
    port.touch()
    was = seen(str(port))
    assert wait_for(was, BRIDGE, 0.0) == str(port)
    port.unlink()
    with pytest.raises(DeviceError) as caught:
        wait_for(was, BRIDGE, 0.0)
    assert str(caught.value).splitlines()[1] == "  this machine has no serial ports"
