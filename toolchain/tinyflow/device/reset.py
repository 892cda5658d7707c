"""Restarts a board, into its bootloader where that is asked for: by the lines of its port, or by
asking its firmware where the port has no lines for it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from tinyflow.artifacts import FlashedBoard
from tinyflow.boards import BoardProfile
from tinyflow.device import reappear
from tinyflow.device.client import connect
from tinyflow.device.link import Link, LinkLostError, NoLinesError
from tinyflow.device.wiring import Step, Wiring
from tinyflow.errors import DeviceError

LISTEN_SECONDS = 0.4
MAX_HEARD_BYTES = 4096
# A bootloader that shows a drive or another kind of device has no port to wait for.
BOOTLOADER_PORT_SECONDS = 4.0


@dataclass(frozen=True)
class Restart:
    """What was done. `port` is where the board is now, "" where its bootloader has no port.

    `confirmed`: the board was seen to restart, by what it said or by its port vanishing.
    """

    by: Literal["lines", "firmware"]
    port: str
    confirmed: bool


def restart(board: BoardProfile, port: str, *, bootloader: bool = False) -> Restart:
    """Restart the board on `port`, as `find_port` found it, and wait until it is there again.

    Raises DeviceError when the port cannot be opened, when neither lines nor firmware can do it,
    or when the board does not come back.
    """
    before = reappear.seen(port)
    wiring = before.wiring(board)
    sequences = wiring.loader if bootloader else ((wiring.restart,) if wiring.restart else ())
    try:
        if sequences:
            return _by_lines(board, wiring, sequences, before, bootloader)
    except NoLinesError:
        pass
    return _by_firmware(board, wiring, before, bootloader)


def _by_lines(
    board: BoardProfile,
    wiring: Wiring,
    sequences: tuple[tuple[Step, ...], ...],
    before: reappear.Seen,
    bootloader: bool,
) -> Restart:
    wanted, other = wiring.says_firmware, wiring.says_loader
    if bootloader:
        wanted, other = other, wanted
    confirmed = False
    link = Link(before.path, wiring.baud or board.baud, wiring)
    try:
        for steps in sequences:
            _play(link, steps)
            heard = _listen(link, (wanted, other)) if wanted else b""
            confirmed = bool(wanted) and wanted in heard
            if not other or other not in heard:
                break
        else:
            raise _elsewhere(board, before.path, bootloader)
    except LinkLostError:
        # A port of the chip's own may go while the lines are still being set.
        if not wiring.own_usb:
            raise DeviceError(f"port {before.path} has gone while its lines were set") from None
    finally:
        link.close()
    if not wiring.own_usb:
        return Restart("lines", before.path, confirmed)
    vanished = reappear.has_vanished(before)
    if not vanished and bootloader and not wiring.restart:
        # It asks software for the bootloader, and this one has not listened.
        return _by_firmware(board, wiring, before, bootloader)
    now = _now(board, before, bootloader) if vanished else before.path
    return Restart("lines", now, vanished)


def _by_firmware(
    board: BoardProfile, wiring: Wiring, before: reappear.Seen, bootloader: bool
) -> Restart:
    place = FlashedBoard(board.name, before.path, board.baud, "", "", reset=before.reset(board))
    try:
        with connect(place) as dut:
            dut.reset(bootloader=bootloader)
    except DeviceError as error:
        if before.path.startswith("socket:") and wiring.loader:
            why = "socket:// carries no DTR and RTS, so the firmware was asked; rfc2217:// does"
            raise _with_detail(error, why) from None
        raise
    if not wiring.own_usb:
        return Restart("firmware", before.path, True)
    vanished = reappear.has_vanished(before)
    return Restart("firmware", _now(board, before, bootloader) if vanished else before.path, True)


def _with_detail(error: DeviceError, line: str) -> DeviceError:
    """The error with one line more."""
    return DeviceError(error.what, [*error.detail, line], error.hints)


def _play(link: Link, steps: tuple[Step, ...]) -> None:
    for step in steps:
        link.lines(step.dtr, step.rts)
        time.sleep(step.seconds)


def _listen(link: Link, words: tuple[bytes, ...]) -> bytes:
    """What the chip says at its start, until one of the words is among it."""
    heard = bytearray()
    end = time.monotonic() + LISTEN_SECONDS
    while (left := end - time.monotonic()) > 0 and len(heard) < MAX_HEARD_BYTES:
        heard += link.read(left)
        if any(word in heard for word in words):
            break
    return bytes(heard)


def _elsewhere(board: BoardProfile, port: str, bootloader: bool) -> DeviceError:
    place = f"board {board.name} on {port}"
    if bootloader:
        return DeviceError(
            f"{place} starts its firmware, not its bootloader",
            ["DTR does not reach its boot pin, or too late"],
            ["hold BOOT, press and release RESET (EN), release BOOT"],
        )
    return DeviceError(
        f"{place} starts its bootloader, not its firmware",
        ["its boot pin is low"],
        ["release BOOT, and take off what pulls GPIO0 (ESP32) or GPIO9 (ESP32-C3) low"],
    )


def _now(board: BoardProfile, before: reappear.Seen, bootloader: bool) -> str:
    if not bootloader:
        return reappear.wait_for(before, board)
    try:
        return reappear.wait_for(before, board, BOOTLOADER_PORT_SECONDS)
    except DeviceError:
        return ""
