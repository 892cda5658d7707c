"""An RFC 2217 serial server (pyserial's own) in front of a line that is watched.

A `Line` has what pyserial's server wants of a serial port. `EspLine` is a chip behind the usual
circuit of two transistors; `PtyLine` hands bytes on to a board behind a pty.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
import time
from types import TracebackType

from serial import rfc2217

POLL_SECONDS = 0.01
FROM_FLASH = b"rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"
IN_LOADER = b"rst:0x1 (POWERON_RESET),boot:0x3 (DOWNLOAD_BOOT(UART0))\r\nwaiting for download\r\n"


class Line:
    """A serial line: `changes` are all states (DTR, RTS) it has been in."""

    def __init__(self, dtr: bool = True, rts: bool = True) -> None:
        self.baudrate = 9600
        self.bytesize, self.parity, self.stopbits = 8, "N", 1
        self.rtscts = self.xonxoff = self.break_condition = False
        self.cts = self.dsr = self.ri = self.cd = False
        self.changes = [(dtr, rts)]

    @property
    def dtr(self) -> bool:
        return self.changes[-1][0]

    @dtr.setter
    def dtr(self, state: bool) -> None:
        self._set(state, self.rts)

    @property
    def rts(self) -> bool:
        return self.changes[-1][1]

    @rts.setter
    def rts(self, state: bool) -> None:
        self._set(self.dtr, state)

    def _set(self, dtr: bool, rts: bool) -> None:
        if (dtr, rts) != self.changes[-1]:
            self.settle()
            self.changes.append((dtr, rts))
            self.changed()

    def settle(self) -> None:
        """Time goes on, before the lines change or bytes are taken."""

    def changed(self) -> None:
        """The lines have changed."""

    def receive(self, data: bytes) -> None:
        """Bytes from the host."""

    def take(self) -> bytes:
        """Bytes for the host."""
        return b""

    def reset_input_buffer(self) -> None:
        pass

    def reset_output_buffer(self) -> None:
        pass


class EspLine(Line):
    """Which boot mode a chip takes: its boot pin is read when the reset pin has risen.

    `rise_seconds` is how long the capacitor at the reset pin keeps it low after its release.
    `boot_pin` says whether DTR reaches the boot pin, `held` that a finger is on BOOT.
    """

    def __init__(
        self, rise_seconds: float = 0.0, boot_pin: bool = True, held: bool = False
    ) -> None:
        super().__init__()
        self.boots: list[str] = []
        self._rise_seconds = rise_seconds
        self._boot_pin = boot_pin
        self._held = held
        self._was_low = False
        self._rises_at: float | None = None
        self._output = bytearray()

    def changed(self) -> None:
        low = self.rts and not self.dtr
        if low:
            self._rises_at = None
        elif self._was_low:
            self._rises_at = time.monotonic() + max(self._rise_seconds, POLL_SECONDS)
        self._was_low = low

    def settle(self) -> None:
        if self._rises_at is not None and time.monotonic() >= self._rises_at:
            self._rises_at = None
            pulled = self._boot_pin and self.dtr and not self.rts
            mode, said = ("loader", IN_LOADER) if pulled or self._held else ("flash", FROM_FLASH)
            self.boots.append(mode)
            self._output += said

    def take(self) -> bytes:
        self.settle()
        data = bytes(self._output)
        self._output.clear()
        return data


class PtyLine(Line):
    """The line of a board that is behind a pty."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._file = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def receive(self, data: bytes) -> None:
        os.write(self._file, data)

    def take(self) -> bytes:
        with contextlib.suppress(BlockingIOError):
            return os.read(self._file, 4096)
        return b""

    def close(self) -> None:
        os.close(self._file)


class _Connection:
    """What pyserial's server writes its answers to; `mute` are the first bytes not answered."""

    def __init__(self, connection: socket.socket, mute: bytes) -> None:
        self._connection = connection
        self._mute = mute

    def write(self, data: bytes) -> None:
        if not self._mute or self._mute not in data:
            self._connection.sendall(data)


class Rfc2217Peer:
    """Serves `line` at `port`; a context manager. It leaves out answers with `mute` in them."""

    def __init__(self, line: Line, *, mute: bytes = b"") -> None:
        self.line = line
        self._mute = mute
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = f"rfc2217://127.0.0.1:{self._server.getsockname()[1]}"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.error: BaseException | None = None

    def __enter__(self) -> Rfc2217Peer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join(5)
        assert not self._thread.is_alive(), "the RFC 2217 peer does not end"
        if self.error is not None:
            raise self.error

    def _serve(self) -> None:
        try:
            with self._server:
                self._server.settimeout(POLL_SECONDS)
                while not self._stop.is_set():
                    with contextlib.suppress(TimeoutError):
                        connection, _ = self._server.accept()
                        with connection, contextlib.suppress(ConnectionError):
                            self._talk(connection)
        except BaseException as error:
            self.error = error
            raise

    def _talk(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        manager = rfc2217.PortManager(self.line, _Connection(connection, self._mute))
        while not self._stop.is_set():
            ready, _, _ = select.select([connection], [], [], POLL_SECONDS)
            if ready:
                data = connection.recv(4096)
                if not data:
                    return
                arrived = b"".join(manager.filter(data))
                if arrived:
                    self.line.receive(arrived)
            answer = self.line.take()
            if answer:
                connection.sendall(b"".join(manager.escape(answer)))
