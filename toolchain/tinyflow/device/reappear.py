"""Boards whose port is their own USB: it vanishes with a restart and may come back under another
name. What stays is the USB serial number, or the socket that the board is plugged into.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from tinyflow.boards import BoardProfile
from tinyflow.device import ports
from tinyflow.device.ports import Port
from tinyflow.device.wiring import WIRINGS, Wiring, reset_of
from tinyflow.errors import DeviceError

COME_BACK_SECONDS = 10.0
VANISH_SECONDS = 2.0
POLL_SECONDS = 0.05
# A port that has just appeared belongs to root until udev has given it to its group.
PERMISSION_SECONDS = 2.0


@dataclass(frozen=True)
class Seen:
    """A port as it was before its board restarted, and which others there were.

    `port` is None for what is not on USB, `node` (device, inode) where there is no such file.
    """

    path: str
    port: Port | None = None
    node: tuple[int, int] | None = None
    others: frozenset[str] = frozenset()

    def reset(self, board: BoardProfile) -> str:
        """How the port's lines reset the board: a name in WIRINGS."""
        ids = (self.port.vendor, self.port.product) if self.port is not None else (None, None)
        return reset_of(board, *ids)

    def wiring(self, board: BoardProfile) -> Wiring:
        """What the port's lines do."""
        return WIRINGS[self.reset(board)]


def seen(path: str) -> Seen:
    """Remember the port that `find_port` has found, for `wait_for`."""
    if "://" in path:
        return Seen(path)
    there = ports.list_ports()
    own = [port for port in there if ports.is_same_path(port.path, path)]
    on_usb = own[0] if own and own[0].vendor is not None else None
    others = frozenset(port.path for port in there if port not in own)
    return Seen(path, on_usb, _node(path), others)


def has_vanished(before: Seen) -> bool:
    """Whether the port goes away within 2 s, or has gone and come back meanwhile."""
    end = time.monotonic() + VANISH_SECONDS
    while not (gone := _is_gone(before)) and time.monotonic() < end:
        time.sleep(POLL_SECONDS)
    return gone


def wait_for(before: Seen, board: BoardProfile, seconds: float | None = None) -> str:
    """The path of the board's port once the board has restarted, is there and may be opened.

    Only a port of the board's own USB vanishes meanwhile; whoever knows that it has gone already
    is not kept waiting. Raises DeviceError when it does not come back within `seconds` (10).
    """
    if before.wiring(board).own_usb:
        has_vanished(before)
    limit = COME_BACK_SECONDS if seconds is None else seconds
    end = time.monotonic() + limit
    found = None
    while found is None:
        found = _find(before, board)
        if found is None:
            if time.monotonic() >= end:
                raise _stays_away(before, board, limit)
            time.sleep(POLL_SECONDS)
    end = time.monotonic() + PERMISSION_SECONDS
    while _is_closed_to_us(found) and time.monotonic() < end:
        time.sleep(POLL_SECONDS)
    return found


def _find(before: Seen, board: BoardProfile) -> str | None:
    if "://" in before.path:
        return before.path
    if before.port is None:
        return before.path if Path(before.path).exists() else None
    there = ports.list_ports()
    same = [port for port in there if _is_same_board(before.port, port)]
    if not same:
        # A bootloader may have a serial number of its own, and some systems tell no location.
        ids = {(usb.vendor, usb.product) for usb in board.usb}
        same = [
            port
            for port in there
            if port.path not in before.others
            and (port.vendor, port.product) in ids
            and (not port.location or not before.port.location)
        ]
    if not same:
        return None
    # Of a board with several ports, the one at the same place among them.
    same.sort(
        key=lambda port: (
            port.location != before.port.location if before.port else False,
            not ports.is_same_path(port.path, before.path),
            port.path,
        )
    )
    return before.path if ports.is_same_path(same[0].path, before.path) else same[0].path


def _is_same_board(before: Port, now: Port) -> bool:
    if before.serial and (before.vendor, before.serial) == (now.vendor, now.serial):
        return True
    return bool(before.location) and _socket(before) == _socket(now)


def _socket(port: Port) -> str:
    """Where the board is plugged in: the location without the number of the interface."""
    return port.location.partition(":")[0]


def _is_gone(before: Seen) -> bool:
    if "://" in before.path:
        return False
    if before.node is not None:
        # A node that went away and came back is another one.
        return _node(before.path) != before.node
    return not any(ports.is_same_path(port.path, before.path) for port in ports.list_ports())


def _node(path: str) -> tuple[int, int] | None:
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _is_closed_to_us(path: str) -> bool:
    return path.startswith("/") and not os.access(path, os.R_OK | os.W_OK)


def _stays_away(before: Seen, board: BoardProfile, seconds: float) -> DeviceError:
    detail = []
    if before.port is not None:
        detail.append(f"it was {before.port}")
        if before.port.location:
            detail.append(f"looked at USB {_socket(before.port)}, and for its serial number")
    return DeviceError(
        f"board {board.name} on {before.path} has not come back within {seconds:g} s",
        [*detail, *ports.listed(ports.list_ports())],
        [
            "press the board's reset button, or unplug it and plug it in again",
            "tinyflow ports",
        ],
    )
