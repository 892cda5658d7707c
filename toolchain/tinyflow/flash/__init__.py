"""Puts an image on a board and starts it, with the runner of the board's profile."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tinyflow import registry
from tinyflow.artifacts import FirmwareImage, FlashedBoard
from tinyflow.boards import BoardProfile
from tinyflow.errors import ProjectError

# A runner is a module with the context manager run(image, board, port, log) -> FlashedBoard.
RUNNERS = {
    "avrdude": "tinyflow.flash.avrdude",
    "bossac": "tinyflow.flash.bossac",
    "esptool": "tinyflow.flash.esptool",
    "native": "tinyflow.flash.native",
    "openocd": "tinyflow.flash.openocd",
    "picotool": "tinyflow.flash.picotool",
    "pyocd": "tinyflow.flash.pyocd",
    "qemu": "tinyflow.flash.qemu",
    "stm32flash": "tinyflow.flash.stm32flash",
    "uf2": "tinyflow.flash.uf2",
}

__all__ = ["RUNNERS", "flash", "without_bootloader", "without_lines"]


def without_lines(board: BoardProfile, port: str) -> bool:
    """Whether `port` has reset lines that the board's runner cannot use.

    Then the caller brings the board into its bootloader before `flash`, and back afterwards.
    """
    return board.runner == "esptool" and port.startswith("rfc2217:")


def without_bootloader(board: BoardProfile) -> bool:
    """Whether the board's runner writes through a bootloader's drive, and none is there.

    Then the caller asks the board's firmware for it before `flash`, in case tinyflow's is running.
    """
    if board.runner not in ("picotool", "uf2") or board.uf2 is None:
        return False
    from tinyflow.flash import uf2

    wanted = board.uf2.board_id
    return not any(drive.board_id.startswith(wanted) for drive in uf2.drives())


@contextlib.contextmanager
def flash(
    image: FirmwareImage, board: BoardProfile, port: str | None, log: Path | None = None
) -> Iterator[FlashedBoard]:
    """Run `image` on `board`: the block is entered when the board has it.

    A board that is a program on this machine runs until the block ends, and never longer than this
    process; it has no `port` to give. All that the runner's tool writes goes to `log`. Raises
    ToolError when the tool is missing or does not succeed, DeviceError for what is wrong at the
    board.
    """
    if board.emulated and port is not None:
        raise ProjectError(
            f"board {board.name} is a program on this machine and takes no port",
            [f"found port {port}"],
        )
    runner = registry.lookup("runner", board.runner, RUNNERS)
    with runner.run(image, board, port, log) as flashed:
        yield flashed
