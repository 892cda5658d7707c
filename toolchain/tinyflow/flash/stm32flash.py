"""Writes an image through the bootloader in an STM32's ROM, on a UART, and checks it there.

The chip must be in its bootloader: BOOT0 high when it was reset. It is asked which chip it is
before anything is erased; every block is read back and compared; the image is started afterwards.
Tried with real stm32flash against a model of the bootloader, not on silicon.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tinyflow import port_faults, process, progress, tools
from tinyflow.artifacts import FirmwareImage, FlashedBoard, FlashFile
from tinyflow.boards import BoardProfile, Stm32flash
from tinyflow.errors import DeviceError, ProjectError, TinyflowError, ToolError
from tinyflow.flash import programmer

STAGE = "flash"
FIXED_SECONDS = 60.0
# Erasing 128 KB takes up to 4 s; each byte goes there and back in eleven bits, with retries.
SECONDS_PER_BYTE = 40e-6
BITS_PER_BYTE = 40

INTO_LOADER = (
    "connect BOOT0 to 3.3 V, press and release RESET, then run this again; BOOT0 back to GND after"
)


@contextlib.contextmanager
def run(
    image: FirmwareImage, board: BoardProfile, port: str | None, log: Path | None = None
) -> Iterator[FlashedBoard]:
    """Write `image` to the board on `port`; the block is entered when the flash holds it.

    Raises DeviceError for what is wrong at the board or its port, ToolError when stm32flash is not
    there or ends otherwise, ProjectError when the image or the port cannot be.
    """
    if board.stm32flash is None:
        raise ProjectError(f"board {board.name} has no [stm32flash] in its profile")
    place = programmer.console(board, port)
    if "://" in place:
        raise ProjectError(
            f"stm32flash takes a serial port of this machine, not {place}",
            (),
            ["make it one with socat: socat pty,link=/tmp/board,rawer tcp:HOST:PORT"],
        )
    program = tools.require("stm32flash")
    if port_faults.holders([place]):
        raise port_faults.in_use(place)  # stm32flash would not notice
    _write(_file(image), board, board.stm32flash, (str(program), place), log)
    yield programmer.flashed(image, board, place)


def command(program: str, settings: Stm32flash, port: str) -> list[str]:
    """The argument list that asks which chip it is. The bootloader wants even parity, which a
    pseudo-terminal does not have."""
    mode = "8n1" if port.startswith("/dev/pts/") else "8e1"
    return [program, "-b", str(settings.baud), "-m", mode, port]


def write_command(program: str, settings: Stm32flash, port: str, file: FlashFile) -> list[str]:
    """The argument list that goes on from there: writes, compares and starts the file."""
    start = f"{file.offset:#010x}"
    *ask, _ = command(program, settings, port)
    return [*ask, "-c", "-w", str(file.path), "-f", "-S", start, "-v", "-g", start, port]


def _file(image: FirmwareImage) -> FlashFile:
    if len(image.images) != 1 or not image.images[0].path.is_file():
        raise ProjectError(
            f"the image for board {image.board} is not one file",
            [str(file.path) for file in image.images] or ["it has no files"],
            [f"tinyflow build --board {image.board}"],
        )
    return image.images[0]


def _write(
    file: FlashFile,
    board: BoardProfile,
    settings: Stm32flash,
    place: tuple[str, str],
    log: Path | None,
) -> None:
    size = file.path.stat().st_size
    reached = file.offset

    def line(text: str) -> None:
        nonlocal reached
        wrote = re.match(r"Wrote and verified address 0x([0-9a-f]{8})", text, re.IGNORECASE)
        if wrote:
            reached = max(reached, int(wrote.group(1), 16))
            progress.report(STAGE, "writing", min(reached - file.offset, size), size)

    progress.report(STAGE, f"connecting to {place[1]}")
    asked = _run(command(place[0], settings, place[1]), board, settings, place[1], log=log)
    _check_chip(asked, board, size)
    done = _run(
        write_command(place[0], settings, place[1], file),
        board,
        settings,
        place[1],
        seconds=size * (SECONDS_PER_BYTE + BITS_PER_BYTE / settings.baud),
        on_line=line,
        log=log.with_name(f"{log.stem}-write{log.suffix}") if log is not None else None,
    )
    if reached < file.offset + size:
        raise ToolError.from_command(
            f"stm32flash verified {reached - file.offset} of {size} B on {place[1]}",
            done.done.command,
            done.done.status,
            done.done.stdout,
            done.log,
        )


def _run(
    arguments: list[str],
    board: BoardProfile,
    settings: Stm32flash,
    port: str,
    *,
    seconds: float = 0.0,
    on_line: Callable[[str], None] = lambda _: None,
    log: Path | None,
) -> _Attempt:
    done = process.follow(
        arguments, on_line, what="stm32flash", timeout=FIXED_SECONDS + seconds, log=log
    )
    attempt = _Attempt(board, port, settings.baud, done, log)
    if done.status != 0:
        raise _judge(attempt)
    return attempt


def _check_chip(attempt: _Attempt, board: BoardProfile, size: int) -> None:
    """stm32flash writes what fits, and says nothing of the rest."""
    chip = re.search(r"^Device ID\s*: \w+ \((.+)\)", attempt.done.stdout, re.MULTILINE)
    flash = re.search(r"^- Flash\s*: Up to (\d+)KiB", attempt.done.stdout, re.MULTILINE)
    if chip is None or flash is None:
        raise _judge(attempt)
    there = int(flash.group(1)) << 10
    if there < max(size, board.memory.flash_bytes):
        raise DeviceError(
            f"the chip on {attempt.port} is {chip.group(1)} with {there} B of flash, "
            f"board {board.name} has {board.memory.flash_bytes} B",
            [f"log: {attempt.log}"] if attempt.log else [],
            ["name the right board with --board, or its port with --port"],
        )


@dataclass(frozen=True)
class _Attempt:
    board: BoardProfile
    port: str
    baud: int
    done: process.Completed
    log: Path | None

    @property
    def detail(self) -> list[str]:
        """stm32flash's own words, and where the rest is."""
        lines = [line.strip() for line in re.split(r"[\r\n]+", self.done.stdout)]
        said = [line for line in lines if re.match(r"(?:failed|error|.*\bNACK\b)", line, re.I)]
        shown = [f"stm32flash: {line}" for line in dict.fromkeys(said[-2:])]
        return shown + ([f"log: {self.log}"] if self.log else [])


def _judge(attempt: _Attempt) -> TinyflowError:
    """What an attempt that did not succeed means."""
    for pattern, explain in _RULES:
        if re.search(pattern, attempt.done.stdout, re.IGNORECASE):
            return explain(attempt)
    return ToolError.from_command(
        f"stm32flash did not write board {attempt.board.name} on {attempt.port}",
        attempt.done.command,
        attempt.done.status,
        attempt.done.stdout,
        attempt.log,
    )


def _cannot_open(attempt: _Attempt) -> DeviceError:
    """stm32flash does not tell why: the system does."""
    try:
        os.close(os.open(attempt.port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK))
    except OSError as error:
        return port_faults.explain(attempt.port, str(error), attempt.detail)
    return DeviceError(
        f"port {attempt.port} does not take {attempt.baud} baud with even parity", attempt.detail
    )


def _silent(attempt: _Attempt) -> DeviceError:
    return DeviceError(
        f"the chip on {attempt.port} does not answer as a bootloader",
        attempt.detail,
        [
            INTO_LOADER,
            f"tinyflow reset --board {attempt.board.name} --bootloader  # where tinyflow's runs",
            "check that RX and TX are crossed, and that no other board is on this port",
        ],
    )


def _unknown(attempt: _Attempt) -> DeviceError:
    return DeviceError(
        f"stm32flash does not know the chip on {attempt.port}",
        attempt.detail,
        ["name the right board with --board, or its port with --port"],
    )


def _not_kept(attempt: _Attempt) -> DeviceError:
    return DeviceError(
        f"the flash of board {attempt.board.name} on {attempt.port} does not hold what was written",
        attempt.detail,
        ["run this again; where it stays at the same address, the chip is worn out"],
    )


def _protected(attempt: _Attempt) -> DeviceError:
    return DeviceError(
        f"the chip on {attempt.port} refuses to be written",
        ["its flash is protected, or the link changes data", *attempt.detail],
        [f"stm32flash -k {attempt.port}  # takes protection off and erases the chip"],
    )


def _bad_link(attempt: _Attempt) -> DeviceError:
    return DeviceError(
        f"the link to board {attempt.board.name} on {attempt.port} loses or changes data",
        [f"at {attempt.baud} baud", *attempt.detail],
        [
            "reset the chip into its bootloader and run this again",
            "use shorter wires, or lower stm32flash.baud in the board's profile",
        ],
    )


_RULES: tuple[tuple[str, Callable[[_Attempt], TinyflowError]], ...] = (
    (r"Failed to open port", _cannot_open),
    (r"Failed to init device", _silent),
    (r"Unknown/unsupported device", _unknown),
    (r"Failed to verify at", _not_kept),
    (r"NACK from device on command", _protected),
    (r"Failed to|erase failed|Got byte 0x|NACK", _bad_link),
)
