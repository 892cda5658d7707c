"""A host of MLPerf Tiny's protocol, as docs/console.md describes it."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tinyflow.device import protocol
from tinyflow.device.messages import Message

READY = "m-ready"
LINE_SECONDS = 30.0
DATA_BYTES = 31  # of one `db`: with its digits a command stays under 80 characters


@dataclass(frozen=True)
class Timed:
    """What `infer` answered: its results as they were written, and microseconds."""

    lines: tuple[str, ...]
    results: str
    begin_us: int
    end_us: int


class Console:
    """Sends commands and reads lines; every wait ends."""

    def __init__(self, port: Any) -> None:
        self._port = port
        self._unread = b""

    def send(self, data: bytes) -> None:
        self._port.write(data)

    def _read(self, end: bytes, count: int) -> None:
        """Read until `end` has come `count` times. Raises TimeoutError when it does not in time."""
        deadline = time.monotonic() + LINE_SECONDS
        while self._unread.count(end) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"only {self._unread!r} came")
            self._unread += self._port.read(max(1, self._port.in_waiting))

    def line(self) -> str:
        """The next line."""
        self._read(b"\n", 1)
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode("ascii").strip("\r\0")

    def frame(self) -> Message:
        """The next frame, which no text comes before."""
        self._read(b"\0", 2)
        before, frame, self._unread = self._unread.split(b"\0", 2)
        assert before == b""
        (message,) = protocol.Reader().feed(b"\0" + frame + b"\0")
        assert isinstance(message, Message)
        return message

    def answer(self) -> list[str]:
        """The lines before the one that ends an answer."""
        lines: list[str] = []
        while READY not in (line := self.line()):
            lines.append(line)
        return lines

    def command(self, text: str, end: str = "%") -> list[str]:
        self.send((text + end).encode("ascii"))
        return self.answer()

    def wait(self) -> None:
        """Wait until the board answers, behind what it may have said when it started."""
        answer = self.command("name")
        while not any(line.startswith("m-name") for line in answer):
            answer = self.answer()

    def load(self, data: bytes) -> None:
        """Load an input as the benchmark's host does."""
        assert self.command(f"db load {len(data)}") == [f"m-[Expecting {len(data)} bytes]"]
        for start in range(0, len(data), DATA_BYTES):
            last = start + DATA_BYTES >= len(data)
            answer = self.command(f"db {data[start : start + DATA_BYTES].hex()}")
            assert answer == (["m-load-done"] if last else [])

    def infer(self, count: int, warmups: int) -> Timed:
        lines = self.command(f"infer {count} {warmups}")
        expected = [
            rf"m-warmup-start-{warmups}",
            r"m-warmup-done",
            rf"m-infer-start-{count}",
            r"m-lap-us-(\d+)",
            r"m-lap-us-(\d+)",
            r"m-infer-done",
            r"m-results-\[((?:-?\d+\.\d{3},?)+)\]",
        ]
        found = [re.fullmatch(form, line) for form, line in zip(expected, lines, strict=True)]
        assert all(found), lines
        begin, end, results = (found[i].group(1) for i in (3, 4, 6))  # type: ignore[union-attr]
        return Timed(tuple(lines), results, int(begin), int(end))


@contextlib.contextmanager
def opened(place: str, baud: int = 115200) -> Iterator[Console]:
    """The console at a port, a pty or a socket:// address."""
    import serial

    with serial.serial_for_url(place, baudrate=baud, timeout=0.05) as port:
        yield Console(port)
