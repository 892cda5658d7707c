"""Runner `qemu`: the image runs in an emulator, its console is a TCP port of this machine.

Most boards' emulators take the ELF file. Those with a flash chip of their own are written through
the emulated chip's loader first, as a board is (`qemu_flash`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tinyflow.artifacts import FirmwareImage, FlashedBoard
from tinyflow.boards import BoardProfile
from tinyflow.errors import ProjectError
from tinyflow.flash import emulator, qemu_flash
from tinyflow.flash.child import log_file


@contextlib.contextmanager
def run(
    image: FirmwareImage, board: BoardProfile, port: str | None, log: Path | None = None
) -> Iterator[FlashedBoard]:
    """Start `image` in the emulator; it runs until the block ends.

    Raises ToolError when the emulator is missing or ends at once.
    """
    settings = board.qemu
    if settings is None:
        raise ProjectError(f"board {board.name} has no [qemu] in its profile")
    program = emulator.find_program(board, settings)
    with contextlib.ExitStack() as stack:
        errors = stack.enter_context(log_file(log))
        if settings.image == "flash":
            started = qemu_flash.running(image, program, board, settings, errors)
        else:
            given = (f"-{settings.image}", str(image.elf.resolve()))
            started = emulator.running(program, board, settings, given, errors)
        pid, address = stack.enter_context(started)
        yield FlashedBoard(
            board=board.name,
            port=address,
            baud=board.baud,
            model_sha256=image.model_sha256,
            build_id=image.build_id,
            process=pid,
        )
