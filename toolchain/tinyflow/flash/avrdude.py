"""Writes an image through an AVR's serial bootloader with avrdude, and checks it there.

The reset line starts the bootloader; avrdude asks which chip it is, writes page by page, reads
everything back and compares. Where the line loses data avrdude goes on for minutes, with signatures
and mismatches that are not there: it is stopped instead. Tried with real avrdude against a model
of the bootloader, not on silicon.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tinyflow import port_faults, process, progress, tools
from tinyflow.artifacts import FirmwareImage, FlashedBoard
from tinyflow.boards import Avrdude, BoardProfile
from tinyflow.errors import DeviceError, ProjectError, TinyflowError, ToolError
from tinyflow.flash import programmer

STAGE = "flash"
FIXED_SECONDS = 60.0
# A page is erased and written in 9 ms; each byte goes there and back, in ten bits and some frame.
SECONDS_PER_BYTE = 70e-6
BITS_PER_BYTE = 24
# avrdude waits 5 s for each answer.
SILENT_ANSWERS = 2
LOST_ANSWERS = 3

# The Mega's first bootloaders take this for a wish for their monitor, in the midst of a page.
MONITOR = b"!!!"

CANNOT_OPEN = re.compile(r"cannot open port|can't open device|cannot connect")
LOST = re.compile(
    r"timeout|wrong checksum|not in sync|out of sync|programmer is not responding", re.I
)


@contextlib.contextmanager
def run(
    image: FirmwareImage, board: BoardProfile, port: str | None, log: Path | None = None
) -> Iterator[FlashedBoard]:
    """Write `image` to the board on `port`; the block is entered when the flash holds it.

    The bootloader starts it, at once or after a second. Over TCP there is no reset line: the board
    must be reset by hand as this begins. Raises DeviceError for what is wrong at the board or its
    port, ToolError when avrdude is not there or ends otherwise, ProjectError when the image or the
    port cannot be.
    """
    if board.avrdude is None:
        raise ProjectError(f"board {board.name} has no [avrdude] in its profile")
    place = programmer.console(board, port)
    if "://" in place and not place.startswith("socket://"):
        raise ProjectError(
            f"avrdude takes a serial port of this machine or socket://HOST:PORT, not {place}"
        )
    program = tools.require("avrdude")
    if "://" not in place and port_faults.holders([place]):
        raise port_faults.in_use(place)  # avrdude would not notice
    _write(_file(image), _Attempt(board, board.avrdude, place, log=log), str(program))
    yield programmer.flashed(image, board, place)


def command(program: str, settings: Avrdude, port: str, file: Path) -> list[str]:
    """The argument list. -D: these bootloaders erase what they write and know no chip erase."""
    place = f"net:{port.removeprefix('socket://')}" if "://" in port else port
    return [
        *(program, "-p", settings.part, "-c", settings.programmer),
        *("-P", place, "-b", str(settings.baud), "-D", "-U", f"flash:w:{file}:r"),
    ]


def _file(image: FirmwareImage) -> Path:
    """The one file, which begins where flash begins."""
    files = image.images
    if len(files) != 1 or files[0].offset != 0 or not files[0].path.is_file():
        raise ProjectError(
            f"the image for board {image.board} is not one file at address 0",
            [f"{file.path} at {file.offset:#x}" for file in files] or ["it has no files"],
            [f"tinyflow build --board {image.board}"],
        )
    return files[0].path.resolve()


@dataclass(frozen=True)
class _Attempt:
    """One run of avrdude: what it was to do and what it said."""

    board: BoardProfile
    settings: Avrdude
    port: str
    command: tuple[str, ...] = ()
    status: int | None = None
    output: str = ""
    log: Path | None = None
    marks: bool = False
    """Whether the image has MONITOR in it."""

    @property
    def detail(self) -> list[str]:
        """avrdude's own last complaints, and where the rest is."""
        said = re.findall(
            r"^avrdude(?: OS)? error: (.+)$|^avrdude: (.*error.*)$", self.output, re.M
        )
        lines = dict.fromkeys(new or old for new, old in said if "TIOCMGET" not in new)
        shown = [f"avrdude: {line}" for line in list(lines)[-2:]]
        return shown + ([f"log: {self.log}"] if self.log else [])


class _StoppedError(Exception):
    """avrdude would go on although the answer is known."""

    def __init__(self, explain: Callable[[_Attempt], TinyflowError]) -> None:
        super().__init__()
        self.explain = explain


class _Watch:
    """Reads avrdude's lines: how far it is, and what got lost."""

    def __init__(self, port: str, size: int) -> None:
        self.lines: list[str] = []
        self._port = port
        self._size = size
        self._initialised = False
        self._lost = 0

    def line(self, line: str) -> None:
        self.lines.append(line)
        if CANNOT_OPEN.search(line):
            raise _StoppedError(_cannot_open)  # where it is a server's port, avrdude hangs after it
        if LOST.search(line):
            self._lost += 1
            if not self._initialised and self._lost >= SILENT_ANSWERS:
                raise _StoppedError(_silent)
            if self._initialised and self._lost >= LOST_ANSWERS:
                raise _StoppedError(_bad_link)
        elif "AVR device initialized" in line:
            self._initialised = True
        elif re.search(r"writing \d+ bytes flash|writing flash \(", line):
            progress.report(STAGE, "writing", 0, 2 * self._size)
        elif re.search(r"\d+ bytes of flash written", line):
            progress.report(STAGE, "verifying", self._size, 2 * self._size)
        elif re.search(r"\d+ bytes of flash verified", line):
            progress.report(STAGE, "verified", 2 * self._size, 2 * self._size)


def _write(file: Path, attempt: _Attempt, program: str) -> None:
    size = file.stat().st_size
    attempt = replace(attempt, marks=MONITOR in file.read_bytes())
    arguments = command(program, attempt.settings, attempt.port, file)
    watch = _Watch(attempt.port, size)
    progress.report(STAGE, f"connecting to {attempt.port}")
    try:
        done = process.follow(
            arguments,
            watch.line,
            what="avrdude",
            timeout=FIXED_SECONDS
            + size * (SECONDS_PER_BYTE + BITS_PER_BYTE / attempt.settings.baud),
            env={"LC_ALL": "C"},
            log=attempt.log,
            hints=["unplug the board and plug it in again, then run this again"],
        )
    except _StoppedError as stopped:
        raise stopped.explain(replace(attempt, output="\n".join(watch.lines))) from None
    attempt = replace(attempt, command=done.command, status=done.status, output=done.stdout)
    verified = re.search(r"(\d+) bytes of flash verified", done.stdout)
    if done.status != 0 or verified is None or int(verified.group(1)) != size:
        raise _judge(attempt)


def _judge(attempt: _Attempt) -> TinyflowError:
    """What an attempt that did not succeed means."""
    for pattern, explain in _RULES:
        if re.search(pattern, attempt.output, re.IGNORECASE):
            return explain(attempt)
    return ToolError.from_command(
        f"avrdude did not write board {attempt.board.name} on {attempt.port}",
        attempt.command,
        attempt.status,
        attempt.output,
        attempt.log,
    )


def _cannot_open(attempt: _Attempt) -> DeviceError:
    said = re.search(r"cannot (?:open port|connect).*", attempt.output)
    return port_faults.explain(attempt.port, said.group() if said else "", attempt.detail)


def _silent(attempt: _Attempt) -> DeviceError:
    over_tcp = "://" in attempt.port
    return DeviceError(
        f"the bootloader of the board on {attempt.port} does not answer",
        ["TCP carries no reset line: the board must be reset by hand"] * over_tcp + attempt.detail,
        [
            "press and release RESET, and run this again at once",
            "check that no other board is on this port",
        ],
    )


def _bad_link(attempt: _Attempt) -> DeviceError:
    return DeviceError(
        f"the link to board {attempt.board.name} on {attempt.port} loses or changes data",
        [
            f"at {attempt.settings.baud} baud",
            *["the image has three bytes 21h in a row, at which old bootloaders stop"]
            * attempt.marks,
            *attempt.detail,
        ],
        [
            "use another cable, without a hub, and run this again",
            *["where it stays, write the board's bootloader anew, with an ISP programmer"]
            * attempt.marks,
        ],
    )


def _other_chip(attempt: _Attempt) -> DeviceError:
    found = re.search(r"signature = (0x\w+(?: \w\w)*)(?: \(probably (\S+)\))?", attempt.output)
    chip = (found.group(2) or f"of signature {found.group(1)}") if found else "another"
    return DeviceError(
        f"the chip on {attempt.port} is {chip}, "
        f"board {attempt.board.name} has {attempt.settings.part}",
        attempt.detail,
        ["tinyflow boards", "name the right board with --board, or its port with --port"],
    )


def _not_kept(attempt: _Attempt) -> DeviceError:
    place = re.search(r"(?:at addr|first mismatch at byte) (0x[0-9a-f]+)", attempt.output)
    where = [f"the first difference is at {place.group(1)}"] if place else []
    return DeviceError(
        f"the flash of board {attempt.board.name} on {attempt.port} does not hold what was written",
        [*where, *attempt.detail],
        ["run this again; where it stays at the same address, the chip is worn out"],
    )


# What got lost comes before what avrdude concludes from it.
_RULES: tuple[tuple[str, Callable[[_Attempt], TinyflowError]], ...] = (
    (r"timeout communicating with programmer|unable to open programmer", _silent),
    (LOST.pattern, _bad_link),
    (r"expected signature|invalid device signature", _other_chip),
    (r"verification (?:mismatch|error)", _not_kept),
)
