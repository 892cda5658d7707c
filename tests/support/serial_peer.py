"""The far end of a serial line: a TCP server or a pty that hands bytes to a device model.

The line can be bad: `Noise` drops and flips bytes, the same ones for the same seed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import random
import select
import socket
import threading
import time
import tty
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol

POLL_SECONDS = 0.02


class Device(Protocol):
    """What answers on the line."""

    def receive(self, data: bytes) -> bytes:
        """The answer to bytes from the host; empty while a message is incomplete."""
        ...

    def reset(self) -> None:
        """The reset line was pulled."""
        ...


@dataclass
class Noise:
    """Damage to a line, in chances per byte, while `active()`."""

    flip: float = 0.0
    drop: float = 0.0
    seed: int = 1
    active: Callable[[], bool] = lambda: True
    damaged: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def through(self, data: bytes) -> bytes:
        """The bytes that arrive."""
        if not self.active():
            return data
        arrived = bytearray()
        for byte in data:
            chance = self._random.random()
            if chance < self.drop:
                self.damaged += 1
            elif chance < self.drop + self.flip:
                self.damaged += 1
                arrived.append(byte ^ (1 << self._random.randrange(8)))
            else:
                arrived.append(byte)
        return bytes(arrived)


class SerialPeer:
    """Serves a device on a line in a thread; a context manager. `port` is what pyserial opens.

    A pty resets the device each time it is opened, as the circuit on a development board does; a
    TCP server never does, since TCP carries no reset line. `deaf` makes the device say nothing.
    `hang_up_after` closes a TCP connection for good after so many bytes from the host, like a
    cable that is pulled.
    """

    def __init__(
        self,
        device: Device,
        *,
        pty: bool = False,
        noise: Noise | None = None,
        deaf: bool = False,
        hang_up_after: int | None = None,
    ) -> None:
        self.device = device
        self.noise = noise or Noise()
        self.deaf = deaf
        self._left = hang_up_after
        self._stop = threading.Event()
        if pty:
            self._master, slave = os.openpty()
            tty.setraw(slave)
            self.port = os.ttyname(slave)
            os.close(slave)
            self._thread = threading.Thread(target=self._serve_pty, daemon=True)
        else:
            self._server = socket.create_server(("127.0.0.1", 0))
            self.port = f"socket://127.0.0.1:{self._server.getsockname()[1]}"
            self._thread = threading.Thread(target=self._serve_tcp, daemon=True)
        self.error: BaseException | None = None

    def __enter__(self) -> SerialPeer:
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
        assert not self._thread.is_alive(), "the serial peer does not end"
        if self.error is not None:
            raise self.error

    def _answer(self, data: bytes) -> bytes:
        arrived = self.noise.through(data)
        return b"" if self.deaf else self.noise.through(self.device.receive(arrived))

    def _serve_tcp(self) -> None:
        with self._server:
            self._server.settimeout(POLL_SECONDS)
            while not self._stop.is_set() and self._left != 0:
                with contextlib.suppress(TimeoutError):
                    connection, _ = self._server.accept()
                    with connection, contextlib.suppress(ConnectionError):
                        self._guard(self._talk_tcp, connection)

    def _talk_tcp(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(POLL_SECONDS)
        while not self._stop.is_set():
            try:
                data = connection.recv(65536)
            except TimeoutError:
                continue
            if not data:
                return
            if self._left is not None:
                self._left = max(0, self._left - len(data))
                if self._left == 0:
                    return
            connection.settimeout(5)
            connection.sendall(self._answer(data))
            connection.settimeout(POLL_SECONDS)

    def _serve_pty(self) -> None:
        try:
            self._guard(self._talk_pty)
        finally:
            os.close(self._master)

    def _talk_pty(self) -> None:
        is_open = False
        while not self._stop.is_set():
            ready, _, _ = select.select([self._master], [], [], POLL_SECONDS)
            try:
                data = os.read(self._master, 65536) if ready else b""
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
                # Nobody has the other side open.
                is_open = False
                time.sleep(POLL_SECONDS)
                continue
            if data and not is_open:
                is_open = True
                self.device.reset()
            answer = self._answer(data) if data else b""
            while answer and not self._stop.is_set():
                _, writable, _ = select.select([], [self._master], [], POLL_SECONDS)
                if writable:
                    answer = answer[os.write(self._master, answer[:1024]) :]

    def _guard(self, work: Callable[..., None], *arguments: object) -> None:
        try:
            work(*arguments)
        except ConnectionError:
            raise
        except BaseException as error:
            self.error = error
            raise
