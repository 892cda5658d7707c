"""Finds the port a board is on: by the USB ids of its serial chip, or as the user names it.

A port is named by its path (`/dev/ttyUSB0`, a pty), by Windows' name (`COM3`), by what pyserial
opens otherwise (`socket://host:port`, `rfc2217://host:port`), or by `VID:PID` or `VID:PID:serial`
in hexadecimal, which stays the same whichever socket the board is plugged into.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinyflow import port_faults
from tinyflow.boards import BoardProfile
from tinyflow.errors import DeviceError, near_miss

# What pyserial knows to open, and the options that each takes after a question mark.
SCHEMES = {
    "socket": ("logging",),
    "rfc2217": ("ign_set_control", "poll_modem", "timeout", "logging"),
}
LOG_LEVELS = ("debug", "info", "warning", "error")
MAX_PORT_NUMBER = 65535
MAX_LISTED = 12
ON_WINDOWS = os.name == "nt"

_USB_NAME = re.compile(
    r"(?P<vendor>[0-9A-F]{4}):(?P<product>[0-9A-F]{4})(?::(?P<serial>.+))?", re.I
)


@dataclass(frozen=True)
class Port:
    """A serial port of this machine; `vendor` and `product` are None when it is not on USB.

    `location` is where it is plugged in ("1-4.2", with ":1.0" behind it for one of several ports of
    a device); empty where the system does not tell.
    """

    path: str
    vendor: int | None = None
    product: int | None = None
    serial: str = ""
    description: str = ""
    location: str = ""

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
            info.location or "",
        )
        for info in sorted(pyserial.comports())
    ]
    # macOS has two names for a port; the tty one is for calls that come in.
    paths = {port.path for port in ports}
    ports = [port for port in ports if _callout(port.path) not in paths]
    return sorted(ports, key=lambda port: port.vendor is None)


def is_same_path(one: str, other: str) -> bool:
    """Whether two names are of one port: links are followed, Windows' names have no case."""
    names = [port_faults.WINDOWS_NAME.fullmatch(name) for name in (one, other)]
    if names[0] and names[1]:
        return names[0].group(1).upper() == names[1].group(1).upper()
    return os.path.realpath(one) == os.path.realpath(other)


def find_port(board: BoardProfile, port: str | None = None) -> str:
    """What pyserial opens for the board: `port` as the user named it, else found by its USB ids.

    Raises DeviceError when there is no such port, or more than one.
    """
    return _by_profile(board) if port is None else named_port(port, f"board {board.name}")


def named_port(port: str, board: str = "the board") -> str:
    """What pyserial opens for `port` as the user named it; `board` is for the reader.

    Raises DeviceError when there is no such port, or more than one.
    """
    usb = _USB_NAME.fullmatch(port)
    if usb:
        return _by_usb_name(board, usb)
    if "://" in port:
        return _url(port)
    windows = port_faults.WINDOWS_NAME.fullmatch(port)
    if windows:
        return _windows(windows.group(1).upper())
    return _path(_callout(port) or port)


def _by_profile(board: BoardProfile) -> str:
    ports = list_ports()
    wanted = {(usb.vendor, usb.product): usb.chip for usb in board.usb}
    found = [port for port in ports if (port.vendor, port.product) in wanted]
    if len(found) == 1:
        return found[0].path
    if found:
        raise _too_many(f"board {board.name}", found)
    ids = [f"{vendor:04X}:{product:04X} {chip}" for (vendor, product), chip in wanted.items()]
    looked = [f"looked for {', '.join(ids)}"] if ids else ["its profile names no USB ids"]
    raise DeviceError(
        f"no port for board {board.name}",
        [*looked, *listed(ports)],
        [
            "plug the board in with a cable that carries data",
            *(f"--port {port.path}" for port in ports[:1] if port.vendor is not None),
        ],
    )


def _by_usb_name(board: str, usb: re.Match[str]) -> str:
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
    raise DeviceError(f"no port with USB ids {usb.group()}", listed(ports))


def _too_many(board: str, found: Sequence[Port]) -> DeviceError:
    names = {port.path: port.path for port in found}
    for port in found:
        # The serial number names the board wherever it is plugged in, when it tells them apart.
        alike = [other for other in found if other.serial == port.serial]
        if port.serial and len(alike) == 1:
            names[port.path] = f"{port.vendor:04X}:{port.product:04X}:{port.serial}"
    return DeviceError(
        f"{len(found)} ports could be {board}",
        [str(port) for port in found],
        [f"--port {name}" for name in names.values()],
    )


def _url(port: str) -> str:
    scheme, _, rest = port.partition("://")
    if scheme not in SCHEMES:
        known = ", ".join(f"{name}://" for name in SCHEMES)
        raise DeviceError(f"port {port} has a scheme that is not known", [f"known: {known}"])
    place, _, query = rest.partition("?")
    found = re.fullmatch(r"(?:\[[0-9A-Fa-f:]+\]|[^:/?#@]+):(\d{1,5})/?", place)
    if not found:
        raise DeviceError(
            f"port {port} is not a host and a port number", (), [f"--port {scheme}://host:2217"]
        )
    if not 0 < int(found.group(1)) <= MAX_PORT_NUMBER:
        raise DeviceError(
            f"port {port} has port number {found.group(1)}, there are 1 to {MAX_PORT_NUMBER}"
        )
    for option in query.split("&") if query else ():
        _check_option(port, scheme, option)
    return port


def _check_option(port: str, scheme: str, option: str) -> None:
    name, _, value = option.partition("=")
    known = SCHEMES[scheme]
    if name not in known:
        close = near_miss(name, known)
        raise DeviceError(
            f"port {port} has an option that is not known: {name}"
            + (f", did you mean {close}?" if close else ""),
            [f"{scheme}:// takes {', '.join(known)}"],
        )
    if name == "logging" and value not in LOG_LEVELS:
        raise DeviceError(f"port {port}: logging is one of {', '.join(LOG_LEVELS)}")
    if name == "timeout" and not re.fullmatch(r"\d{1,3}(\.\d{1,3})?", value):
        raise DeviceError(f"port {port}: timeout is a number of seconds, {value!r} was given")


def _windows(name: str) -> str:
    """A port of Windows, which pyserial opens by its short name, whatever its number."""
    if ON_WINDOWS:
        return name
    detail = ["names like this are of Windows; in WSL, attach the board with usbipd"]
    raise DeviceError(f"port {name} does not exist", [*detail, *listed(list_ports())])


def _callout(port: str) -> str | None:
    """macOS' name of a port for calling out, when there is one; its other name waits for a call."""
    if port.startswith("/dev/tty.") and Path(other := f"/dev/cu.{port[9:]}").exists():
        return other
    return None


def _path(port: str) -> str:
    if not port:
        raise DeviceError("the port's name is empty", (), ["tinyflow ports"])
    try:
        mode = Path(port).stat().st_mode
    except (OSError, ValueError):  # ValueError: a NUL in it
        ports = list_ports()
        # A serial port of the mainboard is hardly meant, however alike its name.
        close = near_miss(port, [known.path for known in ports if known.vendor is not None])
        raise DeviceError(
            f"port {port} does not exist" + (f", did you mean {close}?" if close else ""),
            listed(ports),
            [f"--port {close}"] if close else [],
        ) from None
    if not stat.S_ISCHR(mode):
        raise DeviceError(f"{port} is not a serial port", ["it is a file or a folder"])
    return port


def listed(ports: Sequence[Port]) -> list[str]:
    """The ports as lines of an error."""
    if not ports:
        return ["this machine has no serial ports"]
    lines = [str(port) for port in ports[:MAX_LISTED]]
    more = len(ports) - MAX_LISTED
    return ["ports there are:", *(f"  {line}" for line in lines)] + (
        [f"  and {more} more"] if more > 0 else []
    )
