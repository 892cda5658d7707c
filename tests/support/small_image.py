"""An image of one file, as a bare-metal build leaves it, for runners that only carry it."""

import random
from pathlib import Path

from tinyflow.artifacts import FirmwareImage, FlashFile


def small_image(folder: Path, board: str, offset: int, size: int) -> FirmwareImage:
    """An image of `size` random bytes at `offset`, in `folder`."""
    path = folder / "firmware.bin"
    path.write_bytes(random.Random(size).randbytes(size))
    return FirmwareImage(
        board=board,
        builder="cmake",
        elf=folder / "firmware.elf",
        images=(FlashFile(path, offset),),
        sha256="0" * 64,
        flash_bytes=size,
        ram_bytes=1,
        library_code_bytes=1,
        library_flash_bytes=1,
        library_ram_bytes=1,
        model_sha256="a" * 64,
        build_id="b" * 16,
    )
