"""Finds the port a board is on: by the USB ids of its serial chip, or as the user names it.

A port is named by its path (`/dev/ttyUSB0`, `COM3`, a pty), by what pyserial opens otherwise
(`socket://host:port`, `rfc2217://host:port`), or by `VID:PID` or `VID:PID:serial` in hexadecimal,
which stays the same whichever socket the board is plugged into.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinyflow.boards import BoardProfile
from tinyflow.errors import DeviceError, near_miss

SCHEMES = ("socket", "rfc2217")
MAX_LISTED = 12

_USB_NAME = re.compile(
    r"(?P<vendor>[0-9A-F]{4}):(?P<product>[0-9A-F]{4})(?::(?P<serial>.+))?", re.I
)


@dataclass(frozen=True)
class Port:
    """A serial port of this machine; `vendor` and `product` are None when it is not on USB."""

    path: str
    vendor: int | None = None
    product: int | None = None
    serial: str = ""
    description: str = ""

    def __str__(self) -> str:
        ids = "no USB ids"
        if self.vendor is not None and self.product is not None:
            ids = f"{self.vendor:04X}:{self.product:04X}"
        text = f"{self.path}  {ids}"
        if self.serial:
            text += f":{self.serial}"
        shown = self.description not in ("", "n/a")
        return text + (f"  {self.description}" if shown else "")


def list_ports() -> list[Port]:
    """The serial ports of this machine, those on USB first."""
    from serial.tools import list_ports as pyserial

    ports = [
        Port(
            info.device,
            info.vid,
            info.pid,
            info.serial_number or "",
            info.description or "",
        )
        for info in sorted(pyserial.comports())
    ]
    return sorted(ports, key=lambda port: port.vendor is None)


def find_port(board: BoardProfile, port: str | None = None) -> str:
    """What pyserial opens for the board: `port` as the user named it, else found by its USB ids.

    Raises DeviceError when there is no such port, or more than one.
    """
    if port is None:
        return _by_profile(board)
    usb = _USB_NAME.fullmatch(port)
    if usb:
        return _by_usb_name(board, usb)
    if "://" in port:
        return _url(port)
    if re.fullmatch(r"COM\d+", port, re.IGNORECASE):
        return port
    return _path(port)


def _by_profile(board: BoardProfile) -> str:
    ports = list_ports()
    wanted = {(usb.vendor, usb.product): usb.chip for usb in board.usb}
    found = [port for port in ports if (port.vendor, port.product) in wanted]
    if len(found) == 1:
        return found[0].path
    if found:
        raise _too_many(board, found)
    ids = [f"{vendor:04X}:{product:04X} {chip}" for (vendor, product), chip in wanted.items()]
    looked = [f"looked for {', '.join(ids)}"] if ids else ["its profile names no USB ids"]
    raise DeviceError(
        f"no port for board {board.name}",
        [*looked, *_listed(ports)],
        [
            "plug the board in with a cable that carries data",
            *(f"--port {port.path}" for port in ports[:1]),
        ],
    )


def _by_usb_name(board: BoardProfile, usb: re.Match[str]) -> str:
    ports = list_ports()
    ids = (int(usb["vendor"], 16), int(usb["product"], 16))
    found = [
        port
        for port in ports
        if (port.vendor, port.product) == ids and usb["serial"] in (None, port.serial)
    ]
    if len(found) == 1:
        return found[0].path
    if found:
        raise _too_many(board, found)
    raise DeviceError(f"no port with USB ids {usb.group()}", _listed(ports))


def _too_many(board: BoardProfile, found: Sequence[Port]) -> DeviceError:
    names = {port.path: port.path for port in found}
    for port in found:
        # The serial number names the board wherever it is plugged in, when it tells them apart.
        alike = [other for other in found if other.serial == port.serial]
        if port.serial and len(alike) == 1:
            names[port.path] = f"{port.vendor:04X}:{port.product:04X}:{port.serial}"
    return DeviceError(
        f"{len(found)} ports could be board {board.name}",
        [str(port) for port in found],
        [f"--port {name}" for name in names.values()],
    )


def _url(port: str) -> str:
    scheme, _, place = port.partition("://")
    if scheme not in SCHEMES:
        known = ", ".join(f"{name}://" for name in SCHEMES)
        raise DeviceError(f"port {port} has a scheme that is not known", [f"known: {known}"])
    if not re.fullmatch(r"(\[[0-9A-Fa-f:]+\]|[^:/?#]+):\d{1,5}([/?#].*)?", place):
        raise DeviceError(
            f"port {port} is not a host and a port number", (), [f"--port {scheme}://host:2217"]
        )
    return port


def _path(port: str) -> str:
    try:
        mode = Path(port).stat().st_mode
    except OSError:
        ports = list_ports()
        close = near_miss(port, [known.path for known in ports])
        raise DeviceError(
            f"port {port} does not exist" + (f", did you mean {close}?" if close else ""),
            _listed(ports),
            [f"--port {close}"] if close else [],
        ) from None
    if not stat.S_ISCHR(mode):
        raise DeviceError(f"{port} is not a serial port", ["it is a file or a folder"])
    return port


def _listed(ports: Sequence[Port]) -> list[str]:
    if not ports:
        return ["this machine has no serial ports"]
    lines = [str(port) for port in ports[:MAX_LISTED]]
    more = len(ports) - MAX_LISTED
    return ["ports there are:", *(f"  {line}" for line in lines)] + (
        [f"  and {more} more"] if more > 0 else []
    )
