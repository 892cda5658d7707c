"""Describes a built image: its files, its hash, its sizes from the map file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from tinyflow.artifacts import FirmwareImage, FirmwareProject, FlashFile
from tinyflow.boards import BoardProfile
from tinyflow.build import map_file


def describe(
    firmware: FirmwareProject,
    board: BoardProfile,
    *,
    elf: Path,
    files: Mapping[Path, int],
    map_path: Path,
    flash_bytes: int | None = None,
) -> FirmwareImage:
    """The image of `firmware`: `files` are what is flashed and the flash offset of each.

    Its hash is that of the files in the order of their offsets. `flash_bytes` is what it takes of
    the flash where the map does not tell. Raises ToolError when the map file
    cannot be read.
    """
    images = sorted(
        (FlashFile(path, offset) for path, offset in files.items()), key=lambda file: file.offset
    )
    digest = hashlib.sha256()
    for image in images:
        digest.update(image.path.read_bytes())
    sections = map_file.read_map(map_path)
    library = map_file.archive_sizes(sections, f"lib{firmware.model_name}.a")
    flash_in_map, ram_bytes = map_file.whole_image(sections, board)
    return FirmwareImage(
        board=board.name,
        builder=firmware.builder,
        elf=elf,
        images=tuple(images),
        sha256=digest.hexdigest(),
        flash_bytes=flash_in_map if flash_bytes is None else flash_bytes,
        ram_bytes=ram_bytes,
        library_code_bytes=library.code,
        library_flash_bytes=library.flash,
        library_ram_bytes=library.ram + map_file.arena_bytes(sections),
        model_sha256=firmware.model_sha256,
        build_id=firmware.build_id,
    )
