"""Images as a build leaves them, for runners that only carry them."""

import random
from pathlib import Path

from tinyflow.artifacts import FirmwareImage, FlashFile


def image_of(folder: Path, board: str, *files: FlashFile, builder: str = "cmake") -> FirmwareImage:
    """An image that consists of `files`; its ELF file is only named."""
    return FirmwareImage(
        board=board,
        builder=builder,
        elf=folder / "firmware.elf",
        images=files,
        sha256="0" * 64,
        flash_bytes=1,
        ram_bytes=1,
        library_code_bytes=1,
        library_flash_bytes=1,
        library_ram_bytes=1,
        model_sha256="a" * 64,
        build_id="b" * 16,
    )


def small_image(folder: Path, board: str, offset: int, size: int) -> FirmwareImage:
    """An image of `size` random bytes at `offset`, in `folder`."""
    path = folder / "firmware.bin"
    path.write_bytes(random.Random(size).randbytes(size))
    return image_of(folder, board, FlashFile(path, offset))
