"""Writes an image to an Espressif chip with esptool, as a child process, and checks it there.

esptool reads back a hash of every region it wrote; an image counts as written only when all of
them were equal. A link that loses data gets one more attempt at a lower baud rate, and a chip
that does not take esptool's flasher program one with the chip's own loader. The arguments and the
protocol are tried with real esptool against a model of the chip's loader, not on silicon.
"""

from __future__ import annotations

import contextlib
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tinyflow import process, progress, tools
from tinyflow.artifacts import FirmwareImage, FlashedBoard
from tinyflow.boards import BoardProfile, Esptool
from tinyflow.errors import ProjectError, ToolError
from tinyflow.flash import esptool_faults, programmer
from tinyflow.flash.esptool_faults import Again, Attempt, Fault

STAGE = "flash"
ROM_BAUD = 115200
REAPPEAR_SECONDS = 5.0
# esptool itself allows 40 s for each MB it erases; ten bits and some answers for each byte sent.
FIXED_SECONDS = 60.0
SECONDS_PER_BYTE = 40e-6
BITS_PER_BYTE = 14

VERIFIED = "Hash of data verified."


@contextlib.contextmanager
def run(
    image: FirmwareImage, board: BoardProfile, port: str | None, log: Path | None = None
) -> Iterator[FlashedBoard]:
    """Write `image` to the board on `port`; the block is entered when the flash holds it.

    The board is reset afterwards and takes a moment to start: whoever talks to it first asks more
    than once. Over TCP it must be in its loader already and is left there: socket:// carries no
    reset line, and over rfc2217:// esptool sets one line after the other, too late for the boot
    pin. See `flash.without_lines`. Raises DeviceError for what is wrong at the board or its port,
    ToolError when esptool is not there or ends otherwise, ProjectError when the image is not there.
    """
    if board.esptool is None:
        raise ProjectError(f"board {board.name} has no [esptool] in its profile")
    place = programmer.console(board, port)
    write(image, board, board.esptool, place, log)
    yield programmer.flashed(image, board, place)


def command(
    image: FirmwareImage, settings: Esptool, port: str, baud: int, *, stub: bool = True
) -> list[str]:
    """The argument list that writes all files of the image, in the order of their offsets."""
    over_tcp = "://" in port
    arguments = [sys.executable, "-m", "esptool", "--chip", settings.chip, "--port", port]
    arguments += ["--baud", str(baud)]
    arguments += ["--before", "no-reset" if over_tcp else "default-reset"]
    arguments += ["--after", "no-reset" if over_tcp else "hard-reset"]
    arguments += [] if stub else ["--no-stub"]
    arguments += ["write-flash", "--flash-mode", settings.flash_mode]
    arguments += ["--flash-freq", settings.flash_freq, "--flash-size", settings.flash_size]
    for file in sorted(image.images, key=lambda file: file.offset):
        arguments += [f"{file.offset:#x}", str(file.path)]
    return arguments


def _check_files(image: FirmwareImage) -> None:
    """esptool skips an empty file with a warning; here that is an error, like a missing one."""
    wrong = [
        f"{file.path}: {'empty' if file.path.is_file() else 'missing'}"
        for file in image.images
        if not file.path.is_file() or file.path.stat().st_size == 0
    ]
    if wrong or not image.images:
        raise ProjectError(
            f"the image for board {image.board} is not complete",
            wrong or ["it has no files"],
            [f"tinyflow build --board {image.board}"],
        )


def write(
    image: FirmwareImage,
    board: BoardProfile,
    settings: Esptool,
    port: str,
    log: Path | None = None,
    *,
    flasher: bool = True,
) -> None:
    """Write `image` to the chip on `port`, with esptool's own flasher program where that runs.

    Raises as `run` does.
    """
    tools.require("esptool")
    _check_files(image)
    first = Attempt(board.name, settings.chip, port, settings.baud, settings.flash_size, log=log)
    fault = _attempt(image, settings, first, stub=flasher)
    if fault is None:
        return
    if fault.again is Again.NO:
        raise fault.error
    slower = fault.again is not Again.WITHOUT_STUB
    second = replace(first, baud=_slower(first.baud) if slower else first.baud)
    if log is not None:
        second = replace(second, log=log.with_name(f"{log.stem}-again{log.suffix}"))
    how = f"at {second.baud} baud" if slower else "with the chip's own loader"
    progress.report(STAGE, f"{fault.error.what}: once more {how}")
    _wait_for(port)
    again = _attempt(image, settings, second, stub=flasher and slower)
    if again is not None:
        error = again.error
        raise type(error)(
            error.what,
            [*error.detail, f"this was the second attempt; the first: {fault.error.what}"],
            error.hints,
        ) from fault.error


def _attempt(
    image: FirmwareImage, settings: Esptool, attempt: Attempt, *, stub: bool
) -> Fault | None:
    """Run esptool once. None when every file was written and verified."""
    arguments = command(image, settings, attempt.port, attempt.baud, stub=stub)
    sizes = [
        file.path.stat().st_size for file in sorted(image.images, key=lambda file: file.offset)
    ]
    watch = _Watch(attempt, sizes)
    limit = FIXED_SECONDS + sum(sizes) * (SECONDS_PER_BYTE + BITS_PER_BYTE / attempt.baud)
    try:
        done = process.follow(
            arguments,
            watch.line,
            what="esptool",
            timeout=limit,
            env={"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"},
            log=attempt.log,
        )
    except _StoppedError as stopped:
        return stopped.fault
    attempt = replace(attempt, command=done.command, status=done.status, output=done.stdout)
    if done.status != 0:
        return esptool_faults.judge(attempt)
    if watch.verified != len(sizes):
        return Fault(
            ToolError.from_command(
                f"esptool verified {watch.verified} of {len(sizes)} files on {attempt.port}",
                done.command,
                done.status,
                done.stdout,
                attempt.log,
            )
        )
    return None


class _StoppedError(Exception):
    """A warning of esptool's that is an error here."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.error.what)
        self.fault = fault


class _Watch:
    """Reads esptool's lines: progress in bytes over all files, and what was verified."""

    def __init__(self, attempt: Attempt, sizes: list[int]) -> None:
        self.verified = 0
        self._attempt = attempt
        self._sizes = sizes

    def line(self, line: str) -> None:
        fault = esptool_faults.warned(self._attempt, line)
        if fault is not None:
            raise _StoppedError(fault)
        if VERIFIED in line:
            self.verified += 1
            self._report("verified", 0.0)
        share = re.match(r"Writing at 0x[0-9a-f]+ .*?([\d.]+)%", line)
        if share:
            self._report("writing", float(share.group(1)) / 100)
        elif line.startswith("Connecting"):
            progress.report(STAGE, f"connecting to {self._attempt.port}")
        elif self._attempt.port.startswith("socket:") and (
            "Chip was NOT reset" in line or "Staying in bootloader" in line
        ):
            progress.report(STAGE, "the port has no reset line: reset the board by hand")

    def _report(self, message: str, share: float) -> None:
        done = sum(self._sizes[: self.verified])
        if self.verified < len(self._sizes):
            done += int(share * self._sizes[self.verified])
        progress.report(STAGE, message, done, sum(self._sizes))


def _slower(baud: int) -> int:
    return ROM_BAUD if baud > ROM_BAUD else max(9600, baud // 2)


def _wait_for(port: str) -> None:
    """Give a USB port that vanished with the link the time to come back."""
    deadline = time.monotonic() + REAPPEAR_SECONDS
    while port.startswith("/") and not Path(port).exists() and time.monotonic() < deadline:
        time.sleep(0.1)
