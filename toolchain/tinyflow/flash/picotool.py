"""Writes an image to an RP2040 or RP2350 over USB with picotool, checks it there and starts it.

The chip must be in BOOTSEL mode, or run firmware that picotool can ask for it (`-f`): firmware with
USB of the Pico SDK or of Arduino. Tried against a stand-in that says what picotool 2 says.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tinyflow import tools
from tinyflow.artifacts import FirmwareImage, FlashedBoard, FlashFile
from tinyflow.boards import BoardProfile
from tinyflow.errors import ProjectError
from tinyflow.flash import programmer
from tinyflow.flash.programmer import Rule, Step

FIXED_SECONDS = 60.0
SECONDS_PER_BYTE = 50e-6
BOOTSEL = "hold BOOTSEL while you plug the board in, then run this again"

STEPS = (
    Step("Loading into Flash", "writing"),
    Step("Verifying Flash", "verifying"),
    Step("rebooted", "starting"),
)
VERIFIED = "  OK"

RULES = (
    Rule(
        r"picotool was unable to connect",
        "this user may not use the USB device of board {board}",
        ("it is in BOOTSEL mode, and picotool cannot open it",),
        (
            "put picotool's 60-picotool.rules into /etc/udev/rules.d and plug the board in again",
            "tinyflow flash --runner uf2, which needs no more than the board's drive",
        ),
    ),
    Rule(
        r"Command requires a single \S+ device|(?:more than one|multiple) .*device",
        "there are several boards in BOOTSEL mode, any of which could be board {board}",
        (),
        ("unplug the others",),
    ),
    Rule(
        r"contents did not match the file",
        "board {board} does not hold what was written to it",
        (),
        ("write it again; if that stays so, its flash chip is worn or broken",),
    ),
    Rule(
        r"No accessible .* devices? in BOOTSEL mode w",
        "no board in BOOTSEL mode",
        ("board {board} is written in that mode, and picotool sees none",),
        (BOOTSEL,),
    ),
    Rule(
        r"family.*(?:cannot|can't|not) .*(?:download|load|valid)|not a valid .* executable",
        "the image is of another chip than the one in BOOTSEL mode",
        ("the profile of board {board} says which chip it is for",),
        ("tinyflow boards", "name the right board with --board"),
    ),
)


@contextlib.contextmanager
def run(
    image: FirmwareImage, board: BoardProfile, port: str | None, log: Path | None = None
) -> Iterator[FlashedBoard]:
    """Write `image` to the board; the block is entered when its flash holds it and it was started.

    `port` is the board's console, None while it has none. Raises DeviceError for what is wrong at
    the board, ToolError when picotool is not there or ends otherwise, ProjectError when the image
    is not there.
    """
    place = port or ""
    if board.uf2 is None:
        raise ProjectError(f"board {board.name} has no [uf2] in its profile")
    file = programmer.one_file(image)
    program = tools.require("picotool")
    programmer.run(
        "picotool",
        command(str(program), file),
        board,
        steps=STEPS,
        rules=RULES,
        wanted=VERIFIED,
        seconds=FIXED_SECONDS + file.path.stat().st_size * SECONDS_PER_BYTE,
        log=log,
    )
    yield programmer.flashed(image, board, place)


def command(program: str, file: FlashFile) -> list[str]:
    """The argument list that writes, verifies and starts `file`."""
    binary = ["-t", "bin", "-o", f"{file.offset:#x}"]
    return [program, "load", "--verify", "--execute", str(file.path), *binary, "-f"]
