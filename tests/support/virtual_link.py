"""A line in virtual time between the real host's session and the real firmware's.

Both ends are what ships; between them is a UART of a baud rate, with latency, packets as USB makes
them, and faults: flipped, lost and added bytes, stalls, and restarts of the board. The same seed
gives the same run, to the byte, and no second of it is waited for.
"""

from __future__ import annotations

import ctypes
import math
import random
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from fake_board import BUILD_ID, MODEL_SHA256, SENSOR_INCLUDE, SUPPORT, compile_c, sensor_sources

from tinyflow.artifacts import FlashedBoard

BITS_PER_BYTE = 10
SLICE_BYTES = 64
FIFO_BYTES = 64  # what the board's UART takes without waiting
TICK_SECONDS = 0.02
POLLS = 40  # of a step: more than the session needs to look at its clock
BOOT_TEXT = b"\x1cB\xe2ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET)\r\nload:0x3fff\xff"


class HangError(AssertionError):
    """A request took more virtual time than any may."""


def build(folder: Path, input_bytes: int, output_bytes: int, *, remembers: bool = False) -> Path:
    """The board as a library."""
    names = ("fake_model.c", "memory_port.c", "virtual_board.c")
    sources = [*(SUPPORT / name for name in names), *sensor_sources()]
    sizes = [f"-DFAKE_INPUT_BYTES={input_bytes}", f"-DFAKE_OUTPUT_BYTES={output_bytes}"]
    flags = ["-shared", "-fPIC", SENSOR_INCLUDE, f"-DFAKE_REMEMBERS={int(remembers)}", *sizes]
    return compile_c(folder / f"virtual_{input_bytes}_{int(remembers)}.so", sources, flags)


@dataclass(frozen=True)
class Faults:
    """What goes wrong: chances per byte, and mean seconds from one to the next (0: none) of
    restarts and of inferences that the application does on its own.

    A stall holds the line up for at most `stall_seconds`.
    """

    flip: float = 0.0
    drop: float = 0.0
    insert: float = 0.0
    stall: float = 0.0
    stall_seconds: float = 0.2
    reset_seconds: float = 0.0
    boot_seconds: float = 0.3
    own_seconds: float = 0.0


@dataclass
class Tally:
    """What the line has done."""

    up_bytes: int = 0
    down_bytes: int = 0
    damaged: int = 0
    stalls: int = 0
    resets: int = 0


class Damage:
    """Faults to the bytes of one direction."""

    def __init__(self, faults: Faults, chance: random.Random, tally: Tally) -> None:
        self._rates = (faults.flip, faults.drop, faults.insert)
        self._rate = sum(self._rates)
        self._chance = chance
        self._tally = tally
        self._left = self._gap()

    def _gap(self) -> float:
        if self._rate == 0:
            return math.inf
        return math.log(1 - self._chance.random()) / math.log(1 - self._rate)

    def through(self, data: bytes) -> bytes:
        if self._left >= len(data):
            self._left -= len(data)
            return data
        arrived, at = bytearray(), 0
        while self._left < len(data) - at:
            fine = int(self._left)
            arrived += data[at : at + fine]
            at += fine
            (kind,) = self._chance.choices((0, 1, 2), self._rates)
            if kind == 0:
                arrived.append(data[at] ^ 1 << self._chance.randrange(8))
            elif kind == 2:
                arrived += bytes([self._chance.randrange(256), data[at]])
            at += 1
            self._tally.damaged += 1
            self._left = self._gap()
        self._left -= len(data) - at
        return bytes(arrived + data[at:])


@dataclass
class _Wire:
    """One direction: what is on its way, each piece with when it was sent and when it arrives."""

    byte_seconds: float
    latency: float
    packet: float
    free: float = 0.0
    last: float = 0.0
    pieces: deque[tuple[float, float, bytes]] = field(default_factory=deque)

    def put(self, now: float, data: bytes, stall: float = 0.0) -> None:
        for at in range(0, len(data), SLICE_BYTES):
            piece = data[at : at + SLICE_BYTES]
            self.free = max(self.free, now) + len(piece) * self.byte_seconds
            arrives = max(self.free + self.latency + stall, self.last)
            if self.packet:
                arrives = math.ceil(arrives / self.packet) * self.packet
            self.last = arrives
            self.pieces.append((self.free, arrives, piece))

    def backlog(self, now: float) -> int:
        return max(0, math.ceil((self.free - now) / self.byte_seconds))


class VirtualLink:
    """A `Transport` to a board of its own, which starts with it."""

    url = "virtual://board"

    def __init__(
        self,
        library: Path,
        baud: int = 921600,
        *,
        latency: float = 0.001,
        packet: float = 0.0,
        faults: Faults | None = None,
        seed: int = 1,
        heartbeat_ms: int = 0,
    ) -> None:
        self.baud = baud
        self.time = 0.0
        self.limit = math.inf
        self.tally = Tally()
        self.faults = faults or Faults()
        self._board = ctypes.CDLL(str(library))
        self._chance = random.Random(seed)
        byte_seconds = BITS_PER_BYTE / baud
        self._up = _Wire(byte_seconds, latency, 0.0)
        self._down = _Wire(byte_seconds, latency, packet)
        self._damage = [Damage(self.faults, self._chance, self.tally) for _ in range(2)]
        self._received = b""
        self._written = ctypes.create_string_buffer(1 << 17)
        self._heartbeat_ms = heartbeat_ms
        self._board.memory_port_set_step(1000)
        self._board.memory_port_set_drain(max(1, int(baud / BITS_PER_BYTE / 1000)))
        self._reset_at = self._after(self.faults.reset_seconds)
        self._own_at = self._after(self.faults.own_seconds)
        self._start()

    # The host's side

    def now(self) -> float:
        return self.time

    def sharers(self) -> list[str]:
        return []

    def close(self) -> None:
        """What is on its way to the host is lost."""
        self._down.pieces.clear()

    def write(self, data: bytes) -> None:
        self.tally.up_bytes += len(data)
        self._up.put(self.time, self._damage[0].through(data), self._stall(len(data)))

    def read(self, seconds: float) -> bytes:
        end = self.time + max(seconds, 1e-6)
        while True:
            if self.time > self.limit:
                raise HangError(f"no end after {self.time:.1f} s")
            arrives = self._down.pieces[0][1] if self._down.pieces else math.inf
            board = self._next_step()
            if min(arrives, board) > end:
                self.time = end
                return b""
            if arrives <= board:
                self.time = max(self.time, arrives)
                data = b""
                while self._down.pieces and self._down.pieces[0][1] <= self.time:
                    data += self._down.pieces.popleft()[2]
                return data
            self.time = max(self.time, board)
            self._step()

    # The board's side

    def _start(self) -> None:
        self._started = self.time
        self._down_until = self._busy_until = 0.0
        self._received = b""
        self._tick_at = self.time + TICK_SECONDS
        self._board.memory_port_set_uptime(0)
        self._board.virtual_board_start(self._heartbeat_ms)
        self._poll()

    def _after(self, mean: float) -> float:
        return self.time + self._chance.expovariate(1 / mean) if mean else math.inf

    def _next_step(self) -> float:
        if self._down_until:
            return self._down_until
        arrives = self._up.pieces[0][1] if self._up.pieces else math.inf
        due = min(arrives, self._tick_at, self._reset_at, self._own_at)
        return max(due, self._busy_until)

    def _step(self) -> None:
        if self._down_until:
            while self._up.pieces and self._up.pieces[0][1] <= self.time:
                self._up.pieces.popleft()  # nobody listens
            self._start()
        elif self._reset_at <= self.time:
            self._reset()
        elif self._own_at <= self.time:
            self._board.virtual_board_infer()
            self._own_at = self._after(self.faults.own_seconds)
        else:
            while self._up.pieces and self._up.pieces[0][1] <= self.time:
                self._received += self._up.pieces.popleft()[2]
            self._poll()

    def _poll(self) -> None:
        """Let the board work until it has nothing to do, or its UART takes no more."""
        board = self._board
        uptime = int((self.time - self._started) * 1000)
        board.memory_port_set_uptime(uptime)
        board.memory_port_arrive(self._received, len(self._received))
        board.memory_port_set_room(max(0, FIFO_BYTES - self._down.backlog(self.time)))
        board.virtual_board_poll(POLLS + len(self._received) // 32)
        left = board.memory_port_unread()
        self._received = self._received[len(self._received) - left :]
        size = board.memory_port_take(self._written, len(self._written))
        if size:
            self._say(self._written.raw[:size])
        # What a request sends from within waits for the UART: as long as the board says it did.
        waited = (board.tnf_port_uptime_ms() - uptime) / 1000
        half_a_fifo = FIFO_BYTES / 2 * self._down.byte_seconds
        self._busy_until = self.time + waited
        self._tick_at = self.time + max(waited, half_a_fifo if size or left else TICK_SECONDS)

    def _say(self, data: bytes) -> None:
        self.tally.down_bytes += len(data)
        self._down.put(self.time, self._damage[1].through(data), self._stall(len(data)))

    def _stall(self, size: int) -> float:
        if self.faults.stall and self._chance.random() < size * self.faults.stall:
            self.tally.stalls += 1
            return self._chance.random() * self.faults.stall_seconds
        return 0.0

    def _reset(self) -> None:
        self.tally.resets += 1
        while self._down.pieces and self._down.pieces[-1][0] > self.time:
            self._down.pieces.pop()  # not sent any more
        self._down.free = self.time
        self._say(BOOT_TEXT[self._chance.randrange(len(BOOT_TEXT)) :])
        self._down_until = self.time + self._chance.random() * self.faults.boot_seconds + 0.001
        self._reset_at = self._after(self.faults.reset_seconds)


def flashed() -> FlashedBoard:
    """Who the board is."""
    return FlashedBoard("virtual", VirtualLink.url, 921600, MODEL_SHA256, BUILD_ID)
