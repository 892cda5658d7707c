"""A serial port, socket or pty, opened through pyserial; every call has a time limit."""

from __future__ import annotations

import contextlib
import errno
import select
import time

import serial

from tinyflow.errors import DeviceError

READ_BYTES = 4096
WRITE_SECONDS = 5.0
POLL_SECONDS = 0.005

try:
    from termios import error as termios_error
except ImportError:  # pragma: no cover - Windows has no termios

    class termios_error(Exception):  # type: ignore[no-redef]  # noqa: N801, N818
        """Never raised here."""


class LinkLostError(Exception):
    """The port is gone. The session adds what was under way and tells the user."""


class Link:
    """An open port. Raises DeviceError when `url` cannot be opened.

    `url` is what pyserial takes: a device path, `socket://host:port`, `rfc2217://host:port`.
    """

    def __init__(self, url: str, baud: int) -> None:
        self.url = url
        self.baud = baud
        try:
            port = serial.serial_for_url(
                url,
                baudrate=baud,
                timeout=0,
                write_timeout=WRITE_SECONDS,
                exclusive=True,
                do_not_open=True,
            )
            # Both lines released: on many boards they are wired to reset and boot mode.
            port.dtr = False
            port.rts = False
            port.open()
        except (OSError, ValueError, termios_error) as error:
            raise _cannot_open(url, error) from None
        self._port = port
        self._descriptor = self._find_descriptor()

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

    def write(self, data: bytes) -> None:
        """Send all of `data`. Raises LinkLostError, also when the other side takes nothing."""
        try:
            self._port.write(data)
        except (OSError, ValueError, TypeError, termios_error) as error:
            raise LinkLostError(_reason(error)) from None

    def close(self) -> None:
        """Close the port; it may be gone already."""
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
    if "returned no data" in text or "disconnected" in text or "input/output" in text:
        return "the other side closed the connection"
    return f"{error}"


def _cannot_open(url: str, error: Exception) -> DeviceError:
    number = getattr(error, "errno", None)
    text = str(error).lower()
    if number == errno.ENOENT or "no such file" in text:
        return DeviceError(f"port {url} does not exist", (), ["tinyflow doctor"])
    if number == errno.EACCES:
        return DeviceError(
            f"port {url} may not be opened by this user",
            [],
            ["sudo usermod -aG dialout $USER, then log in again"],
        )
    if number in (errno.EAGAIN, errno.EBUSY) or "exclusively lock" in text:
        return DeviceError(
            f"port {url} is in use by another program", [], [f"fuser -v {url} tells which"]
        )
    return DeviceError(f"port {url} cannot be opened", [str(error)])
