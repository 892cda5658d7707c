"""Writes an image by copying a UF2 file to the drive that a bootloader shows on USB.

The drive is known by its INFO_UF2.TXT. It takes the file, restarts the chip and is gone; a drive
that stays has not taken it. Needs no other program. Tried with folders that behave as such drives.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import string
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinyflow import progress, uf2_file
from tinyflow.artifacts import FirmwareImage, FlashedBoard
from tinyflow.boards import BoardProfile, Uf2
from tinyflow.errors import DeviceError, ProjectError
from tinyflow.flash import programmer
from tinyflow.flash.programmer import STAGE

INFO = "INFO_UF2.TXT"
FILE = "firmware.uf2"
MAX_INFO_BYTES = 4096
MOUNTS = Path("/proc/self/mounts")
LABELS = Path("/dev/disk/by-label")
VOLUMES = Path("/Volumes")

# Someone may just be plugging the board in.
APPEAR_SECONDS = 15.0
VANISH_SECONDS = 15.0
POLL_SECONDS = 0.1
PORTION_BLOCKS = 64

BOOTSEL = "hold BOOTSEL while you plug the board in, then run this again"
# The drive may be gone before the last write is acknowledged.
GONE = (errno.EIO, errno.ENODEV, errno.ENXIO, errno.ENOENT, errno.ENOTCONN, errno.ESTALE)


@dataclass(frozen=True)
class Drive:
    """A bootloader's drive: where it is mounted, what it is of, and the device behind it."""

    path: Path
    board_id: str
    device: Path | None = None

    @property
    def gone(self) -> bool:
        """Whether it is no longer there; a mount may stay behind without its device."""
        if self.device is not None and not self.device.exists():
            return True
        return _board_id(self.path) != self.board_id


@contextlib.contextmanager
def run(
    image: FirmwareImage, board: BoardProfile, port: str | None, log: Path | None = None
) -> Iterator[FlashedBoard]:
    """Write `image` to the board; the block is entered when the drive has taken it and is gone.

    `port` is the board's console, None while it has none. Raises DeviceError when there is no such
    drive, more than one, or one that does not take the file; ProjectError when the image is not
    there.
    """
    if board.uf2 is None:
        raise ProjectError(f"board {board.name} has no [uf2] in its profile")
    place = port or ""
    file = programmer.one_file(image)
    blocks = list(uf2_file.blocks(file.path.read_bytes(), file.offset, board.uf2.family))
    drive = _find(board, board.uf2)
    _copy(drive, blocks, board)
    _wait_until_gone(drive, board)
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(f"{len(blocks)} blocks copied to {drive.path / FILE}\n", encoding="utf-8")
    yield programmer.flashed(image, board, place)


def drives() -> list[Drive]:
    """All drives of UF2 bootloaders on this machine."""
    found = {}
    for path, device in _places():
        name = _board_id(path)
        if name:
            found[path] = Drive(path, name, device)
    return [found[path] for path in sorted(found)]


def _places() -> Iterator[tuple[Path, Path | None]]:
    """Where drives are mounted, with their devices where the system says."""
    if sys.platform == "win32":
        yield from ((Path(f"{letter}:/"), None) for letter in string.ascii_uppercase)
    elif sys.platform == "darwin":
        with contextlib.suppress(OSError):
            yield from ((path, None) for path in VOLUMES.iterdir())
    else:
        try:
            lines = MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return
        for words in (line.split() for line in lines):
            if len(words) > 2 and words[2] in ("vfat", "msdos"):
                yield Path(_plain(words[1])), Path(_plain(words[0]))


def _plain(word: str) -> str:
    """A word of the mount table, in which spaces and such are octal."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), word)


def _board_id(path: Path) -> str:
    """The Board-ID that the drive tells; empty when it is not a bootloader's."""
    try:
        with (path / INFO).open("rb") as file:
            text = file.read(MAX_INFO_BYTES).decode("ascii", "replace")
    except OSError:
        return ""
    found = re.search(r"^Board-ID:\s*(\S+)", text, re.MULTILINE)
    return found[1] if found else ""


def _find(board: BoardProfile, settings: Uf2) -> Drive:
    deadline = time.monotonic() + APPEAR_SECONDS
    while True:
        there = drives()
        found = [drive for drive in there if drive.board_id.startswith(settings.board_id)]
        if len(found) == 1:
            return found[0]
        if found:
            raise DeviceError(
                f"{len(found)} drives could be board {board.name}",
                [str(drive.path) for drive in found],
                ["unplug all but the right one"],
            )
        if time.monotonic() >= deadline:
            raise _no_drive(board, settings, there)
        progress.report(STAGE, f"waiting for drive {settings.board_id}: hold BOOTSEL, plug in")
        time.sleep(POLL_SECONDS)


def _no_drive(board: BoardProfile, settings: Uf2, there: Sequence[Drive]) -> DeviceError:
    others = [f"drive {drive.path} is a {drive.board_id}" for drive in there]
    label = LABELS / settings.board_id
    if sys.platform == "linux" and label.exists():
        return DeviceError(
            f"drive {settings.board_id} of board {board.name} is there, but not mounted",
            others,
            [f"udisksctl mount -b {label}"],
        )
    return DeviceError(
        f"no drive {settings.board_id} of a board {board.name} in its bootloader",
        others,
        [
            BOOTSEL,
            f"tinyflow reset --board {board.name} --bootloader, where tinyflow's firmware runs",
        ],
    )


def _copy(drive: Drive, blocks: Sequence[bytes], board: BoardProfile) -> None:
    total = len(blocks) * uf2_file.BLOCK_BYTES
    written = 0
    try:
        with (drive.path / FILE).open("wb", buffering=0) as file:
            for begin in range(0, len(blocks), PORTION_BLOCKS):
                portion = b"".join(blocks[begin : begin + PORTION_BLOCKS])
                while portion:
                    size = file.write(portion) or 0
                    written, portion = written + size, portion[size:]
                progress.report(STAGE, "writing", written, total)
            os.fsync(file.fileno())
    except OSError as error:
        if written == total and error.errno in GONE:
            return
        raise _refused(drive, board, error, written, total) from None


def _refused(
    drive: Drive, board: BoardProfile, error: OSError, written: int, total: int
) -> DeviceError:
    detail = [f"{written:,} of {total:,} B were written"] if written else []
    what = {
        errno.EROFS: "is read-only",
        errno.ENOSPC: "is full",
        errno.EACCES: "may not be written by this user",
        errno.EPERM: "may not be written by this user",
    }.get(error.errno or 0)
    if what is None:
        return DeviceError(
            f"drive {drive.path} of board {board.name} went away while it was written",
            [*detail, f"the system says: {error.strerror}"],
            ["use another cable, without a hub", BOOTSEL],
        )
    hints = ["unplug the board, and plug it in with BOOTSEL held"]
    if error.errno in (errno.EACCES, errno.EPERM) and drive.device is not None:
        hints = [
            f"sudo umount {drive.path} && udisksctl mount -b {drive.device}",
            "which mounts it for this user",
        ]
    return DeviceError(f"drive {drive.path} of board {board.name} {what}", detail, hints)


def _wait_until_gone(drive: Drive, board: BoardProfile) -> None:
    progress.report(STAGE, "starting")
    deadline = time.monotonic() + VANISH_SECONDS
    while not drive.gone:
        if time.monotonic() >= deadline:
            raise DeviceError(
                f"drive {drive.path} has not taken the image for board {board.name}",
                [
                    f"it is still there {VANISH_SECONDS:g} s after {FILE} was copied to it",
                    f"it says that it is a {drive.board_id}",
                ],
                ["tinyflow boards", "name the right board with --board", BOOTSEL],
            )
        time.sleep(POLL_SECONDS)
