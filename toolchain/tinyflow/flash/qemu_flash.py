"""Emulators of Espressif's, whose chips have a flash chip that only their own loader writes.

The chip is started twice: held in its loader, where esptool writes the image as it does on a board,
and then as it starts by itself. What is in its flash is a file between the two.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tinyflow import process, progress
from tinyflow.artifacts import FirmwareImage
from tinyflow.boards import BoardProfile, Qemu
from tinyflow.errors import ProjectError, ToolError
from tinyflow.flash import emulator, esptool

LIST_SECONDS = 20.0

# By chip: what the boot pins read as for the loader, and whether esptool's flasher runs there.
LOADERS = {
    "esp32": ("driver=esp32.gpio,property=strap_mode,value=0x0f", True),
    "esp32c3": ("driver=esp32c3.gpio,property=strap_mode,value=0x02", False),
}
# The counter's factor in the profiles is that of the clock which the ROM leaves.
BUILDER = "cmake"
MEGABYTE = 1 << 20


@contextlib.contextmanager
def running(
    image: FirmwareImage, program: Path, board: BoardProfile, settings: Qemu, log: Path
) -> Iterator[tuple[int, str]]:
    """Write `image` into an emulated flash chip and start the board from it.

    The block gets the process id and the address of the board's console. Raises ToolError when the
    emulator does not know the chip or ends at once, DeviceError when the image cannot be written.
    """
    if board.esptool is None or board.esptool.chip not in LOADERS:
        raise ProjectError(
            f'board {board.name} has qemu.image = "flash", which needs [esptool] with chip '
            + " or ".join(LOADERS)
        )
    if image.builder != BUILDER:
        raise ProjectError(
            f"board {board.name} is emulated with an image of builder {BUILDER}, "
            f"this one is {image.builder}'s",
            ["an SDK sets another clock, by which the emulator's counter goes"],
            [f"tinyflow deploy --board {board.name} --builder {BUILDER} --runner qemu"],
        )
    _check_machine(program, board, board.esptool.chip)
    pins, flasher = LOADERS[board.esptool.chip]
    with tempfile.TemporaryDirectory(prefix="tinyflow-") as folder:
        chip = Path(folder) / "flash.bin"
        chip.write_bytes(b"\xff" * _flash_bytes(board.esptool.flash_size))
        drive = ("-drive", f"file={chip},if=mtd,format=raw")
        progress.report(esptool.STAGE, "starting the emulated chip's loader")
        with emulator.running(program, board, settings, (*drive, "-global", pins), log) as loader:
            esptool.write(image, board, board.esptool, loader[1], flasher=flasher)
        with emulator.running(program, board, settings, drive, log) as started:
            yield started


def _flash_bytes(size: str) -> int:
    digits = size.removesuffix("MB")
    if not digits.isdecimal() or digits == size:
        raise ProjectError(f"esptool.flash_size is {size}, an emulated flash chip has whole MB")
    return int(digits) * MEGABYTE


def _check_machine(program: Path, board: BoardProfile, chip: str) -> None:
    """QEMU's own releases have none of these machines; Espressif's have."""
    listed = process.run(
        [str(program), "-machine", "help"], what=program.name, timeout=LIST_SECONDS
    )
    if not any(line.split()[:1] == [chip] for line in listed.stdout.splitlines()):
        raise ToolError(
            f"{program} does not emulate {chip}",
            [f"board {board.name} runs in Espressif's own release of QEMU, which is not on PATH"],
            ["idf_tools.py install qemu-xtensa qemu-riscv32    # of ESP-IDF; then put it on PATH"],
        )
