"""Puts an image on a board, wherever the board's port is before that and afterwards.

A board whose port is its own USB has none, or another, while it waits in its bootloader.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tinyflow import flash
from tinyflow.artifacts import FirmwareImage, FlashedBoard
from tinyflow.boards import BoardProfile
from tinyflow.errors import DeviceError

if TYPE_CHECKING:
    from tinyflow.device.reappear import Seen

# These find the bootloader on USB themselves.
BY_USB = ("uf2", "picotool", "bossac")
APPEAR_SECONDS = 10.0
POLL_SECONDS = 0.1


def check_port(board: BoardProfile, port: str | None) -> None:
    """Raise DeviceError, before any work, when the board's port is not there and should be."""
    from tinyflow import device

    if not board.emulated and board.runner not in BY_USB:
        device.find_port(board, port)


@contextlib.contextmanager
def flashed(
    image: FirmwareImage, board: BoardProfile, port: str | None, log: Path
) -> Iterator[FlashedBoard]:
    """The board running the image, on the port that it has then.

    An emulated board is ended when the block ends. `port` is as the user named it. Raises what
    `flash.flash` raises, and DeviceError when the board has no port, or more than one.
    """
    if board.emulated:
        with flash.flash(image, board, port, log=log) as running:
            yield running
        return
    before = _port_before(board, port)
    by_us = before is not None and _enter_bootloader(board, before)
    with flash.flash(image, board, before.path if before else None, log=log) as done:
        yield _port_after(done, board, port, before, restart=by_us)


def _port_before(board: BoardProfile, port: str | None) -> Seen | None:
    from tinyflow import device

    try:
        return device.seen(device.find_port(board, port))
    except DeviceError:
        if board.runner in BY_USB:
            return None
        raise


def _enter_bootloader(board: BoardProfile, before: Seen) -> bool:
    """Bring the board into its bootloader where its runner does not; whether it must be brought
    back as well."""
    from tinyflow import device

    if flash.without_lines(board, before.path):
        device.restart(board, before.path, bootloader=True)
        return True
    if flash.without_bootloader(board):
        # Whatever runs there may not hear it: then the runner says what to press.
        with contextlib.suppress(DeviceError):
            device.restart(board, before.path, bootloader=True)
    return False


def _port_after(
    done: FlashedBoard, board: BoardProfile, port: str | None, before: Seen | None, *, restart: bool
) -> FlashedBoard:
    from tinyflow import device

    if before is None:
        now = device.seen(_appeared(board, port))
        return replace(done, port=now.path, reset=now.reset(board))
    if restart:
        device.restart(board, before.path)
    # A port that is the board's own USB has gone and may come back by another name.
    return replace(done, port=device.wait_for(before, board), reset=before.reset(board))


def _appeared(board: BoardProfile, port: str | None) -> str:
    """The port of a board that had none before it was flashed."""
    from tinyflow import device

    end = time.monotonic() + APPEAR_SECONDS
    while True:
        try:
            return device.find_port(board, port)
        except DeviceError:
            if time.monotonic() >= end:
                raise
        time.sleep(POLL_SECONDS)
