"""Writes an image with bossac, through the SAM-BA bootloader of Arduino boards.

The bootloader is on USB, on a port of its own: Arduino's convention is that the running board's
product id is the bootloader's with 8000h added, and that opening the running board's port at 1200
baud asks for the bootloader. Firmware whose console is a UART does not hear that: there the reset
button is pressed twice. The chip's name and the arguments are those of Arduino's own bossac, which
knows the nRF52840; others do not, and are told so by name. Tried with a stand-in for Arduino's, and
with Debian's against a model of the bootloader.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from tinyflow import port_faults, progress, tools
from tinyflow.artifacts import FirmwareImage, FlashedBoard
from tinyflow.boards import BoardProfile, Bossac
from tinyflow.errors import DeviceError, ProjectError, ToolError
from tinyflow.flash import programmer
from tinyflow.flash.programmer import STAGE, Rule, Step

ARDUINO = 0x2341
RUNNING = 0x8000  # added to the bootloader's product id
TOUCH_BAUD = 1200
APPEAR_SECONDS = 10.0
GONE_SECONDS = 3.0
POLL_SECONDS = 0.1
FIXED_SECONDS = 60.0
SECONDS_PER_BYTE = 200e-6

STEPS = (Step("Erase", "erasing"), Step("Write", "writing"), Step("Verify", "verifying"))
DONE = "Done in"

TWICE = "press the board's reset button twice, quickly: its orange LED then fades in and out"

RULES = (
    Rule(
        r"Device unsupported",
        "this bossac does not know the chip of board {board}",
        ("Arduino's does: version 1.9.1-arduino2; those of Linux distributions do not",),
        (
            "arduino-cli core install arduino:mbed_nano, then put its folder"
            " packages/arduino/tools/bossac/1.9.1-arduino2 on PATH",
            "tinyflow flash --runner pyocd, with a debug probe",
        ),
        ToolError,
    ),
    Rule(
        r"No device found on (?P<port>\S+)",
        "no bootloader of board {board} answers on {port}",
        (),
        (TWICE,),
    ),
    Rule(
        r"Verify failed|Page errors",
        "board {board} does not hold what was written to it",
        (),
        ("write it again; if that stays so, its flash is worn or broken",),
    ),
    Rule(
        r"SAM-BA operation failed|I/O operation failed|Flash (?:command|erase) failed",
        "the bootloader of board {board} stopped answering",
        (),
        (TWICE, "use another cable, without a hub"),
    ),
)


@contextlib.contextmanager
def run(
    image: FirmwareImage, board: BoardProfile, port: str | None, log: Path | None = None
) -> Iterator[FlashedBoard]:
    """Write `image` to the board; the block is entered when bossac has done it and started it.

    `port` is the board's console: its own USB port, or that of the adapter on its UART; None while
    it has none. Raises DeviceError when there is no bootloader, ToolError when bossac is not there,
    does not know the chip or ends otherwise, ProjectError when the image is not there.
    """
    if board.bossac is None:
        raise ProjectError(f"board {board.name} has no [bossac] in its profile")
    place = port or ""
    file = programmer.one_file(image)
    program = tools.require("bossac")
    bootloader = _bootloader(board, place)
    programmer.run(
        "bossac",
        command(str(program), board.bossac, file.path, bootloader),
        board,
        steps=STEPS,
        rules=RULES,
        wanted=DONE,
        seconds=FIXED_SECONDS + file.path.stat().st_size * SECONDS_PER_BYTE,
        log=log,
    )
    _wait_until_gone(bootloader)
    yield programmer.flashed(image, board, place)


def command(program: str, settings: Bossac, file: Path, port: str) -> list[str]:
    """The argument list that erases, writes and starts `file`, as Arduino's tools do it."""
    offset = [f"--offset={settings.offset:#x}"] if settings.offset else []
    return [program, f"--port={port}", "-U", "-i", "-e", "-w", *offset, str(file), "-R"]


def _bootloader(board: BoardProfile, port: str) -> str:
    """The port that the bootloader is on, asking the running board for it where that hears.

    Raises DeviceError when there is none, or more than one.
    """
    found = _ports(running=False)
    if not found and port in _ports(running=True):
        progress.report(STAGE, "asking for the bootloader")
        _touch(port)
        deadline = time.monotonic() + APPEAR_SECONDS
        while not (found := _ports(running=False)) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
    if not found:
        raise DeviceError(
            f"no bootloader of board {board.name} on USB",
            [f"port {port} is its console, and no port is its bootloader's"] if port else [],
            ["plug the board itself in, with a cable that carries data", TWICE],
        )
    if len(found) > 1:
        raise DeviceError(
            f"{len(found)} bootloaders could be board {board.name}'s",
            found,
            ["unplug all but the right one"],
        )
    return found[0]


def _wait_until_gone(bootloader: str) -> None:
    """The bootloader's port goes when the image starts: else it could be taken for the board's."""
    progress.report(STAGE, "starting")
    deadline = time.monotonic() + GONE_SECONDS
    while bootloader in _ports(running=False) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def _ports(*, running: bool) -> list[str]:
    """The ports of Arduino boards that run, or are in their bootloader."""
    from serial.tools import list_ports

    return sorted(
        info.device
        for info in list_ports.comports()
        if info.vid == ARDUINO and bool((info.pid or 0) & RUNNING) == running
    )


def _touch(port: str) -> None:
    """Open the port at 1200 baud and close it, which Arduino's firmware takes for a request."""
    import serial

    try:
        with serial.Serial(port, TOUCH_BAUD) as touched:
            touched.dtr = False
    except (OSError, serial.SerialException) as error:
        raise port_faults.explain(port, str(error)) from None
