"""The two files that a bare-metal Espressif board is flashed with, and what its ROM would not load.

One is the program, which the ROM copies into RAM segment by segment; the other has the constants,
which start-up maps into the address space. esptool makes the first from the ELF file; it is read
back here and held against what the chip's ROM takes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinyflow.boards import BoardProfile, Esptool
from tinyflow.errors import ModelError, ProjectError, ToolError

PROGRAM, CONSTANTS = "firmware.bin", "constants.bin"

# Magic, segments, flash mode and size, entry; then write-protect pin, drive, chip, and reserved.
_HEADER = struct.Struct("<BBBBI16x")
_SEGMENT = struct.Struct("<II")
_MAGIC = 0xE9
_MOST_SEGMENTS = 16


@dataclass(frozen=True)
class Segment:
    """A piece of the program: where in RAM the ROM puts it, and its size in bytes."""

    address: int
    size: int


@dataclass(frozen=True)
class Loadable:
    """A piece of RAM that the ROM loads into, from `begin` up to `end`."""

    what: str
    begin: int
    end: int


# What else is in RAM belongs to the ROM, as long as it loads.
ROMS = {
    "esp32": (
        Loadable("data RAM", 0x3FFB0000, 0x3FFE0000),
        Loadable("code RAM", 0x40080400, 0x400A0000),
    ),
    "esp32c3": (
        Loadable("data RAM", 0x3FC80000, 0x3FCDE160),
        Loadable("code RAM", 0x40380000, 0x403DE160),
    ),
}


def files(folder: Path, board: BoardProfile, settings: Esptool, model: str) -> dict[Path, int]:
    """What is flashed of a build in `folder`, with its offsets.

    Raises ModelError when the program is larger than the room before the constants, or than what
    the ROM loads; ToolError when the files are not what they should be; ProjectError when the
    chip's ROM is not known.
    """
    if settings.chip not in ROMS:
        raise ProjectError(
            f"board {board.name} has chip {settings.chip}, which cmake makes no image for",
            [f"chips: {', '.join(ROMS)}"],
        )
    program, constants = folder / PROGRAM, folder / CONSTANTS
    lost = [file.name for file in (program, constants) if not file.is_file()]
    if lost:
        raise ToolError(f"the build for board {board.name} left no {' and no '.join(lost)}")
    image = program.read_bytes()
    findings = [
        *_room(image, board, settings),
        *_not_loaded(segments(image, program), ROMS[settings.chip]),
    ]
    if findings:
        raise ModelError(f"model {model} does not fit board {board.name}", findings)
    return {program: settings.boot_offset, constants: board.memory.flash_origin}


def segments(image: bytes, file: Path) -> tuple[Segment, ...]:
    """The segments of a program's image. Raises ToolError when `image` is not one."""
    found = []
    try:
        magic, count, _, _, _ = _HEADER.unpack_from(image)
        place = _HEADER.size
        for _ in range(count if magic == _MAGIC else 0):
            address, size = _SEGMENT.unpack_from(image, place)
            place += _SEGMENT.size + size
            found.append(Segment(address, size))
    except struct.error:
        raise ToolError(f"{file} is not whole: it has {len(image):,} B") from None
    if magic != _MAGIC or place >= len(image):
        raise ToolError(
            f"{file} is not an image for an Espressif chip",
            [f"it begins with {magic:#04x} and has {len(image):,} B"],
        )
    return tuple(found)


def _room(image: bytes, board: BoardProfile, settings: Esptool) -> Iterator[str]:
    room = board.memory.flash_origin - settings.boot_offset
    if len(image) > room:
        yield (
            f"the program takes {len(image):,} B of flash, before the constants there are "
            f"{room:,} B: {len(image) - room:,} B too much"
        )


def _not_loaded(found: Sequence[Segment], rom: Sequence[Loadable]) -> Iterator[str]:
    if len(found) > _MOST_SEGMENTS:
        yield f"the program has {len(found)} segments, the ROM loads {_MOST_SEGMENTS}"
    for segment in found:
        end = segment.address + segment.size
        place = next((p for p in rom if p.begin <= segment.address < p.end), None)
        if place is None:
            yield (
                f"{segment.size:,} B of it belong to {segment.address:#x}, where the ROM loads none"
            )
        elif end > place.end:
            yield (
                f"it needs {end - place.begin:,} B of {place.what}, the ROM loads "
                f"{place.end - place.begin:,} B: {end - place.end:,} B too much"
            )
