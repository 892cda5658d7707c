"""One board: flash it and ask who it is, or open a session with it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tinyflow.artifacts import FlashedBoard
from tinyflow.pipeline import Walk
from tinyflow.pipeline.deployed import keep_deployed

if TYPE_CHECKING:
    from tinyflow.device import Device


def hello(walk: Walk, port: str | None = None) -> dict[str, Any]:
    """Flash the image and ask the board who it is."""
    from tinyflow import device

    image = walk.image()
    with walk.flashed(port) as flashed, device.connect(flashed) as dut:
        keep_deployed(walk)
        return {
            "board": image.board,
            "port": flashed.port,
            "firmware_sha256": image.sha256,
            "build_id": dut.hello.build_id,
            "model": dut.hello.model,
            "model_sha256": dut.hello.model_sha256,
            "flash_bytes": image.flash_bytes,
            "ram_bytes": image.ram_bytes,
        }


@contextlib.contextmanager
def connected(walk: Walk, port: str | None) -> Iterator[Device]:
    """A session with the board as it is: a real one is not flashed, an emulated one is started."""
    from tinyflow import device

    board = walk.require_board()
    with contextlib.ExitStack() as stack:
        if board.emulated:
            place = stack.enter_context(walk.flashed(port))
        else:
            found = device.seen(device.find_port(board, port))
            model = walk.compiled().model_sha256
            reset = found.reset(board)
            place = FlashedBoard(board.name, found.path, board.baud, model, "", reset=reset)
        yield stack.enter_context(device.connect(place))
