"""A bad line on purpose: a TCP port in front of a board's, that damages what goes through.

Damage is the same for the same seed and bytes: each direction has its own chance. It stands in
front of real boards and emulated ones alike.
"""

from __future__ import annotations

import contextlib
import random
import select
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Literal, TypeAlias, get_args

from tinyflow.device.link import LinkLostError, Transport
from tinyflow.errors import DeviceError, ProjectError

Kind: TypeAlias = Literal["flip", "drop", "insert"]
KINDS: tuple[Kind, ...] = get_args(Kind)
HOST = "127.0.0.1"
POLL_SECONDS = 0.02
STOP_SECONDS = 10.0
BLOCK_BYTES = 4096


class Damage:
    """Flips, drops and inserts bytes, each with chance `rate`; `count` counts what was done."""

    def __init__(self, rate: float, seed: int, kinds: tuple[Kind, ...] = KINDS) -> None:
        unknown = sorted(set(kinds) - set(KINDS))
        if unknown or not kinds:
            raise ProjectError(
                f"faults are {', '.join(KINDS)}, found {', '.join(unknown) or 'none'}"
            )
        if not 0 <= rate <= 1:
            raise ProjectError(f"a rate of faults is a chance from 0 to 1, found {rate!r}")
        self._rate = rate
        self._kinds = kinds
        self._chance = random.Random(seed)  # noqa: S311 - the same again is the point
        self.count = 0

    def apply(self, data: bytes) -> bytes:
        """The bytes as they come out at the other end."""
        out = bytearray()
        for byte in data:
            if self._chance.random() >= self._rate:
                out.append(byte)
                continue
            self.count += 1
            kind = self._chance.choice(self._kinds)
            if kind == "flip":
                out.append(byte ^ (1 << self._chance.randrange(8)))
            elif kind == "insert":
                out += bytes([byte, self._chance.randrange(256)])
        return bytes(out)


class FaultyLine:
    """The line; use it in a `with` block. `open_far` opens the board's own port.

    `url` is where the session connects to; one connection at a time, as often as it likes. The
    board's port is open as long as a connection is, so that whoever has closed it can flash the
    board or cut its power meanwhile.
    """

    def __init__(
        self,
        open_far: Callable[[], Transport],
        rate: float,
        seed: int,
        kinds: tuple[Kind, ...] = KINDS,
    ) -> None:
        self._open_far = open_far
        self._to_board = Damage(rate, seed, kinds)
        self._to_host = Damage(rate, seed + 1, kinds)
        self._stopping = threading.Event()
        self._cut = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._first: Transport | None = None
        self.url = ""

    @property
    def faults(self) -> int:
        """How many bytes have been flipped, dropped or inserted until now."""
        return self._to_board.count + self._to_host.count

    def cut(self) -> None:
        """Close the connection that is open now: the cable is pulled out, and in again."""
        self._cut.set()

    def let_go(self) -> None:
        """Wait until the board's port is closed, after the session was."""
        self._idle.wait(STOP_SECONDS)

    def __enter__(self) -> FaultyLine:
        self._first = self._open_far()  # here, so that its error is the caller's
        try:
            self._server = socket.create_server((HOST, 0), backlog=1)
        except BaseException:
            self._first.close()
            raise
        self.url = f"socket://{HOST}:{self._server.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._thread.join(STOP_SECONDS)
        self._server.close()
        if self._first is not None:
            self._first.close()

    def _serve(self) -> None:
        """Take connections in turn."""
        while not self._stopping.is_set():
            ready, _, _ = select.select([self._server], [], [], POLL_SECONDS)
            if not ready:
                continue
            client, _ = self._server.accept()
            self._idle.clear()
            self._cut.clear()
            # A board that is not there closes the connection: the session tells it.
            with client, contextlib.suppress(OSError, LinkLostError, DeviceError):
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                far, self._first = self._first or self._open_far(), None
                with contextlib.closing(far):
                    self._carry(client, far)
            self._idle.set()

    def _carry(self, client: socket.socket, far: Transport) -> None:
        """Bytes both ways, until one side is gone or the line is cut."""
        answers = threading.Thread(target=self._answer, args=(client, far), daemon=True)
        answers.start()
        try:
            while not self._stopping.is_set() and not self._cut.is_set():
                ready, _, _ = select.select([client], [], [], POLL_SECONDS)
                if ready:
                    data = client.recv(BLOCK_BYTES)
                    if not data:
                        break
                    far.write(self._to_board.apply(data))
        finally:
            self._cut.set()
            answers.join(STOP_SECONDS)

    def _answer(self, client: socket.socket, far: Transport) -> None:
        """What comes from the board."""
        with contextlib.suppress(OSError, ValueError, LinkLostError):
            while not self._stopping.is_set() and not self._cut.is_set():
                data = far.read(POLL_SECONDS)
                if data:
                    client.sendall(self._to_host.apply(data))
        self._cut.set()
