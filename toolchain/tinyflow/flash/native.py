"""Runner `native`: the image is a process on this machine, its console a pseudo-terminal.

The process holds the terminal's master side and ends when the other side is closed for good. This
side is kept open here while the board runs, so that ports can be closed and opened again; it closes
with this process, however that ends.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from tinyflow import process
from tinyflow.artifacts import FirmwareImage, FlashedBoard
from tinyflow.boards import BoardProfile
from tinyflow.flash.child import explained, log_file


@contextlib.contextmanager
def run(
    image: FirmwareImage, board: BoardProfile, port: str | None, log: Path | None = None
) -> Iterator[FlashedBoard]:
    """Start `image`; it runs until the block ends. Raises ToolError when it cannot be started."""
    import tty

    with contextlib.ExitStack() as stack:
        errors = stack.enter_context(log_file(log))
        master, slave = os.openpty()
        stack.callback(os.close, slave)
        try:
            tty.setraw(slave)
            with errors.open("wb") as sink:
                child = process.start(
                    [str(image.elf.resolve())], stdin=master, stdout=master, stderr=sink
                )
        finally:
            os.close(master)
        stack.callback(process.stop, child)
        stack.enter_context(explained(child, "the board's process", errors))
        yield FlashedBoard(
            board=board.name,
            port=os.ttyname(slave),
            baud=board.baud,
            model_sha256=image.model_sha256,
            build_id=image.build_id,
            process=child.pid,
        )
