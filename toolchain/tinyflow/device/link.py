"""A serial port, socket or pty, opened through pyserial; every call has a time limit."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import struct
import time
from typing import Any, Protocol

import serial

from tinyflow import port_faults
from tinyflow.device.wiring import WIRINGS, Wiring

READ_BYTES = 4096
WRITE_SECONDS = 5.0
POLL_SECONDS = 0.005

try:
    import fcntl
    import termios
    from termios import error as termios_error
except ImportError:  # pragma: no cover - Windows has neither

    class termios_error(Exception):  # type: ignore[no-redef]  # noqa: N801, N818
        """Never raised here."""


class LinkLostError(Exception):
    """The port is gone. The session adds what was under way and tells the user."""


class NoLinesError(Exception):
    """The port has no DTR and RTS: a pty, or TCP without RFC 2217."""


class Transport(Protocol):
    """What a session runs over: an open line to a board, and the clock of its time limits.

    `read` and `write` raise LinkLostError where the other side is gone.
    """

    url: str
    baud: int

    def read(self, seconds: float) -> bytes:
        """What has arrived, waiting at most `seconds` for the first byte."""
        ...

    def write(self, data: bytes) -> None:
        """Send all of `data`."""
        ...

    def close(self) -> None:
        """Close the line; it may be gone already."""
        ...

    def now(self) -> float:
        """Seconds of a clock that never goes back."""
        ...

    def sharers(self) -> list[str]:
        """Other programs that take part of what comes in, by name."""
        ...


class Link:
    """An open port, a `Transport`. Raises DeviceError when `url` cannot be opened.

    `url` is what pyserial takes: a device path, `socket://host:port`, `rfc2217://host:port`.
    Neither opening nor closing restarts a board that is wired as `wiring` says, where the system
    leaves a choice: Linux and macOS assert DTR and RTS on opening and release them on closing.
    """

    def __init__(self, url: str, baud: int, wiring: Wiring = WIRINGS["none"]) -> None:
        self.url = url
        self.baud = baud
        try:
            port = serial.serial_for_url(
                url,
                baudrate=baud,
                timeout=0,
                # pyserial refuses one for RFC 2217; its sockets have a time limit of 5 s anyway.
                write_timeout=None if url.startswith("rfc2217:") else WRITE_SECONDS,
                exclusive=True,
                do_not_open=True,
            )
            # As the system sets them on opening: one line that changed alone could be a reset.
            port.dtr = True
            port.rts = True
            port.open()
        except (OSError, ValueError, termios_error) as error:
            raise port_faults.explain(url, str(error)) from None
        self._port = port
        self._descriptor = self._find_descriptor()
        try:
            with contextlib.suppress(NoLinesError):
                if wiring.idle != (True, True):
                    self.lines(*wiring.idle)
                if wiring.holds_dtr:
                    self._hold_lines()
        except LinkLostError as lost:
            self.close()
            raise port_faults.explain(url, str(lost)) from None

    def lines(self, dtr: bool, rts: bool) -> None:
        """Set both lines, in one moment where the port can. Raises NoLinesError, LinkLostError.

        Where they are set one after the other, DTR alone comes between, never RTS alone, which is
        the reset of a board with the classic ESP circuit.
        """
        order = ((True, dtr), (False, rts)) if dtr else ((False, rts), (True, dtr))
        try:
            if self.url.startswith("socket:"):
                raise NoLinesError
            if self._terminal is not None:
                _set_at_once(self._terminal, dtr, rts)
            elif self.url.startswith("rfc2217:"):
                # Not by pyserial's attributes: those wait for an answer after each line.
                for is_dtr, state in order:
                    _send_line(self._port, is_dtr, state)
            else:
                for is_dtr, state in order:
                    setattr(self._port, "dtr" if is_dtr else "rts", state)
                # Windows' driver for USB modems sends RTS only together with DTR.
                self._port.dtr = dtr
        except OSError as error:
            if error.errno in (errno.ENOTTY, errno.EINVAL):
                raise NoLinesError from None
            raise LinkLostError(_reason(error)) from None

    @property
    def _terminal(self) -> int | None:
        """The descriptor of an open terminal; None for a URL, for Windows and after closing."""
        return self._descriptor if "://" not in self.url and self._port.is_open else None

    def _hold_lines(self) -> None:
        """Have the lines stay as they are on closing, this time and whoever opens the port next."""
        if self._terminal is not None:
            try:
                settings = termios.tcgetattr(self._terminal)
                settings[2] &= ~termios.HUPCL
                termios.tcsetattr(self._terminal, termios.TCSANOW, settings)
            except termios_error as error:
                raise LinkLostError(str(error)) from None

    def sharers(self) -> list[str]:
        """Other programs that have this port open and take part of what comes in, by name."""
        if self._terminal is None:
            return []
        held = port_faults.holders([self.url]).get(self.url, [])
        return port_faults.named(holder for holder in held if holder[0] != os.getpid())

    def _find_descriptor(self) -> int | None:
        """What select can wait for; None for ports that are no file, as rfc2217."""
        try:
            return int(self._port.fileno())
        except (OSError, ValueError, AttributeError, NotImplementedError):
            return None

    def read(self, seconds: float) -> bytes:
        """What has arrived, waiting at most `seconds` for the first byte. Raises LinkLostError."""
        try:
            if self._descriptor is not None:
                ready, _, _ = select.select([self._descriptor], [], [], max(seconds, 0.0))
                return bytes(self._port.read(READ_BYTES)) if ready else b""
            end = time.monotonic() + seconds
            while not (data := bytes(self._port.read(READ_BYTES))) and time.monotonic() < end:
                time.sleep(POLL_SECONDS)
            return data
        except (OSError, ValueError, TypeError, termios_error) as error:
            # TypeError and ValueError: pyserial on a port that was closed meanwhile.
            raise LinkLostError(_reason(error)) from None

    def now(self) -> float:
        """Seconds of a clock that never goes back."""
        return time.monotonic()

    def write(self, data: bytes) -> None:
        """Send all of `data`. Raises LinkLostError, also when the other side takes nothing."""
        try:
            self._port.write(data)
        except (OSError, ValueError, TypeError, termios_error) as error:
            raise LinkLostError(_reason(error)) from None

    def close(self) -> None:
        """Close the port; it may be gone already. What the board did not take is dropped."""
        if self._terminal is not None:
            # Else the system would wait, up to 30 s, for it to be taken.
            with contextlib.suppress(OSError, termios_error):
                termios.tcflush(self._terminal, termios.TCOFLUSH)
        # pyserial forgets to close a socket whose other side went first.
        connection = getattr(self._port, "_socket", None)
        with contextlib.suppress(OSError, termios_error):
            self._port.close()
        if connection is not None:
            connection.close()


def _reason(error: Exception) -> str:
    if isinstance(error, serial.SerialTimeoutException):
        return f"the board took nothing for {WRITE_SECONDS:g} s"
    text = str(error).lower()
    if (
        "returned no data" in text
        or "connection failed" in text
        or "disconnected" in text
        or "input/output" in text
    ):
        return "the other side closed the connection"
    return f"{error}"


def _set_at_once(terminal: int, dtr: bool, rts: bool) -> None:
    lines = struct.pack("I", 0)
    (state,) = struct.unpack("I", fcntl.ioctl(terminal, termios.TIOCMGET, lines))
    state &= ~(termios.TIOCM_DTR | termios.TIOCM_RTS)
    state |= termios.TIOCM_DTR * dtr | termios.TIOCM_RTS * rts
    fcntl.ioctl(terminal, termios.TIOCMSET, struct.pack("I", state))


def _send_line(port: Any, is_dtr: bool, state: bool) -> None:
    """Ask an RFC 2217 server for one line."""
    from serial import rfc2217

    on, off = (
        (rfc2217.SET_CONTROL_DTR_ON, rfc2217.SET_CONTROL_DTR_OFF)
        if is_dtr
        else (rfc2217.SET_CONTROL_RTS_ON, rfc2217.SET_CONTROL_RTS_OFF)
    )
    port.rfc2217_send_subnegotiation(rfc2217.SET_CONTROL, on if state else off)
