"""Writes an image through a debug probe with OpenOCD, and checks it there.

OpenOCD reads back what it wrote; an image counts as written only when it was equal. Tried with real
OpenOCD against a model of a chip's debug port, not on silicon.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tinyflow import process, progress, tools
from tinyflow.artifacts import FirmwareImage, FlashedBoard
from tinyflow.boards import BoardProfile, Openocd
from tinyflow.errors import ProjectError, ToolError
from tinyflow.flash import openocd_faults, probe, programmer
from tinyflow.flash.openocd_faults import Attempt

STAGE = "flash"
FIXED_SECONDS = 60.0
# A slow probe writes some 5 KB a second.
SECONDS_PER_BYTE = 200e-6

# What OpenOCD says, and what a person is told.
STEPS = {
    "** Programming Started **": "writing",
    "** Verify Started **": "verifying",
    "** Resetting Target **": "starting",
}
VERIFIED = "** Verified OK **"


@contextlib.contextmanager
def run(
    image: FirmwareImage, board: BoardProfile, port: str | None, log: Path | None = None
) -> Iterator[FlashedBoard]:
    """Write `image` to the board; the block is entered when its flash holds it and it was reset.

    `port` is the board's console. Raises DeviceError for what is wrong at the board or the probe,
    ToolError when OpenOCD is not there or ends otherwise, ProjectError when the image is not there
    or the profile names files that OpenOCD does not have.
    """
    if board.openocd is None:
        raise ProjectError(f"board {board.name} has no [openocd] in its profile")
    place = programmer.console(board, port)
    program = tools.require("openocd")
    if not image.elf.is_file():
        raise ProjectError(
            f"the image for board {image.board} is not there",
            [f"looked for {image.elf}"],
            [f"tinyflow build --board {image.board}"],
        )
    number = probe.serial_number(board, place)
    _write(command(str(program), board.openocd, image.elf, number), image, board, log)
    yield programmer.flashed(image, board, place)


def command(program: str, settings: Openocd, elf: Path, serial: str = "") -> list[str]:
    """The argument list that writes, verifies and starts `elf`, with the probe of serial number
    `serial` where one is named. It runs in the image's folder: OpenOCD takes paths apart at spaces.
    """
    configs = [
        str(Path(name).resolve()) if Path(name).is_file() else name for name in settings.config
    ]
    chosen = ["-c", f"adapter serial {serial}"] if serial else []
    # Without its servers, so that any number can run at once.
    servers = ["gdb_port disabled", "telnet_port disabled", "tcl_port disabled"]
    return [
        program,
        *(word for name in configs for word in ("-f", name)),
        *chosen,
        *(word for server in servers for word in ("-c", server)),
        *("-c", f"program {elf.name} verify reset exit"),
    ]


def _write(
    arguments: list[str], image: FirmwareImage, board: BoardProfile, log: Path | None
) -> None:
    verified = False

    def line(text: str) -> None:
        nonlocal verified
        verified = verified or VERIFIED in text
        for said, told in STEPS.items():
            if said in text:
                progress.report(STAGE, told)

    progress.report(STAGE, "looking for the probe")
    done = process.follow(
        arguments,
        line,
        what="OpenOCD",
        timeout=FIXED_SECONDS + image.elf.stat().st_size * SECONDS_PER_BYTE,
        cwd=image.elf.parent,
        log=log.resolve() if log is not None else None,
    )
    if done.status != 0:
        raise openocd_faults.judge(Attempt(board, done, log))
    if not verified:
        raise ToolError.from_command(
            f"OpenOCD did not verify what it wrote to board {board.name}",
            done.command,
            done.status,
            done.stdout,
            log,
        )
