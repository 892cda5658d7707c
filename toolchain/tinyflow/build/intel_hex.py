"""Reads Intel HEX, which some platforms leave instead of a binary."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tinyflow.errors import ToolError

DATA, END, SEGMENT, START_SEGMENT, LINEAR, START_LINEAR = range(6)
ERASED = 0xFF


def to_binary(file: Path, origin: int, limit: int) -> bytes:
    """What flash holds from address `origin` on; gaps are as erased flash is.

    Raises ToolError when the file is not Intel HEX, or has bytes outside of `limit` bytes there.
    """
    content = bytearray()
    for line, address, data in _records(file):
        at = address - origin
        if at < 0 or at + len(data) > limit:
            raise ToolError(
                f"{file} has bytes at {address:#x}, line {line}, outside of the board's flash",
                [f"flash is {limit:,} B from {origin:#x} on"],
            )
        content += bytes([ERASED]) * (at + len(data) - len(content))
        content[at : at + len(data)] = data
    return bytes(content)


def _records(file: Path) -> Iterator[tuple[int, int, bytes]]:
    """Line number, address and content of each record of data; the end must be there."""
    base = 0
    for number, line in enumerate(file.read_bytes().splitlines(), 1):
        try:
            text = line.strip().decode("ascii")
            record = bytes.fromhex(text.removeprefix(":"))
        except ValueError:
            raise _broken(file, number, "is no record") from None
        if not text.startswith(":") or len(record) < 5 or len(record) != record[0] + 5:
            raise _broken(file, number, "has another length than it says")
        if sum(record) % 256:
            raise _broken(file, number, "has a wrong checksum")
        kind, data = record[3], record[4:-1]
        if kind == DATA:
            yield number, base + int.from_bytes(record[1:3], "big"), data
        elif kind in (SEGMENT, LINEAR) and len(data) == 2:
            base = int.from_bytes(data, "big") << (16 if kind == LINEAR else 4)
        elif kind == END:
            return
        elif kind not in (START_SEGMENT, START_LINEAR):
            raise _broken(file, number, f"is of unknown type {kind}")
    raise ToolError(f"{file} is not complete: it has no end record")


def _broken(file: Path, line: int, what: str) -> ToolError:
    return ToolError(f"{file} is not Intel HEX: line {line} {what}")
