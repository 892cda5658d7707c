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
from tinyflow.errors import ProjectError

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

    `url` is where the session connects to; one connection at a time, as often as it likes.
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
        self._threads: list[threading.Thread] = []
        self.url = ""

    @property
    def faults(self) -> int:
        """How many bytes have been flipped, dropped or inserted until now."""
        return self._to_board.count + self._to_host.count

    def cut(self) -> None:
        """Close the connection that is open now: the cable is pulled out, and in again."""
        self._cut.set()

    def __enter__(self) -> FaultyLine:
        self._far = self._open_far()
        try:
            self._server = socket.create_server((HOST, 0), backlog=1)
        except BaseException:
            self._far.close()
            raise
        self.url = f"socket://{HOST}:{self._server.getsockname()[1]}"
        self._client: socket.socket | None = None
        for work in (self._serve, self._answer):
            thread = threading.Thread(target=work, daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(STOP_SECONDS)
        self._server.close()
        self._far.close()

    def _serve(self) -> None:
        """Take connections in turn, and what comes from them to the board."""
        while not self._stopping.is_set():
            ready, _, _ = select.select([self._server], [], [], POLL_SECONDS)
            if not ready:
                continue
            client, _ = self._server.accept()
            with client, contextlib.suppress(OSError, LinkLostError):
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._cut.clear()
                self._client = client
                self._forward(client)
            self._client = None

    def _forward(self, client: socket.socket) -> None:
        while not self._stopping.is_set() and not self._cut.is_set():
            ready, _, _ = select.select([client], [], [], POLL_SECONDS)
            if ready:
                data = client.recv(BLOCK_BYTES)
                if not data:
                    return
                self._far.write(self._to_board.apply(data))

    def _answer(self) -> None:
        """What comes from the board, to whoever is connected."""
        while not self._stopping.is_set():
            try:
                data = self._far.read(POLL_SECONDS)
            except LinkLostError:
                self._cut.set()
                return
            client = self._client
            if data and client is not None:
                with contextlib.suppress(OSError, ValueError):
                    client.sendall(self._to_host.apply(data))
