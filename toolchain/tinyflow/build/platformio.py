"""Builder `platformio`: the generated project is an ordinary PlatformIO project, for `pio run`.

The project folder is left as it was generated; all that PlatformIO writes goes elsewhere. What is
kept are the image's files, the map file, the inference library's archive.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tinyflow.artifacts import FirmwareImage, FirmwareProject
from tinyflow.boards import OWN_PLATFORM, BoardProfile, Platformio
from tinyflow.build import intel_hex, map_file, platformio_packages, platformio_run
from tinyflow.build.compiler import require_compiler
from tinyflow.build.image import describe
from tinyflow.build.overflow import overflow_error
from tinyflow.errors import ModelError, ProjectError, ToolError
from tinyflow.process import Completed

LOG = "platformio.log"
ELF, BINARY, HEX, MAP = "firmware.elf", "firmware.bin", "firmware.hex", "firmware.map"

# Where the ROM looks for the second-stage bootloader; 0 in the chips that are not here.
BOOTLOADER_OFFSETS = {"esp32": 0x1000, "esp32s2": 0x1000}
PARTITIONS_OFFSET = 0x8000

# Where avr-gcc's linker script puts constants in flash, and what a pointer to them reaches.
NEAR_FLASH, NEAR_BYTES = ".progmem.data", 0x10000


def build_image(
    firmware: FirmwareProject, board: BoardProfile, folder: Path, logs: Path
) -> FirmwareImage:
    """Build `firmware` with PlatformIO; the image's files are put into `folder`.

    Raises ToolError, at once, when something that PlatformIO needs is missing and out of reach, and
    when the build does not succeed; ModelError when the image does not fit the board.
    """
    settings = _settings(board)
    if board.toolchain is not None:
        require_compiler(board, board.toolchain)
    folder.mkdir(parents=True, exist_ok=True)
    with _workspace(settings.platform, folder) as work:
        project = _place(firmware.path, settings.platform, work)
        environment = platformio_run.workspace(settings.platform, work)
        installed = platformio_packages.probe(project, board.name, settings.platform, environment)
        downloads = platformio_packages.require(
            installed, firmware.path, board.name, settings.platform, settings.framework
        )
        done = platformio_run.run(
            project, board.name, environment, logs / LOG, _limit(settings.platform, downloads)
        )
        _judge(done, firmware, board, logs / LOG)
        return _collect(firmware, board, work / "build" / board.name, folder, logs / LOG)


def _settings(board: BoardProfile) -> Platformio:
    if board.platformio is None:
        raise ProjectError(
            f"board {board.name} has no [platformio], which builder platformio needs",
        )
    return board.platformio


def _limit(platform: str, downloads: bool) -> float:
    if downloads:
        return platformio_run.DOWNLOAD_SECONDS
    own = platform == OWN_PLATFORM
    return platformio_run.BUILD_SECONDS if own else platformio_run.UPSTREAM_SECONDS


@contextmanager
def _workspace(platform: str, folder: Path) -> Iterator[Path]:
    """A folder for what PlatformIO writes; removed afterwards, an SDK's objects are large."""
    spaced = platform != OWN_PLATFORM and " " in str(folder)
    # ESP-IDF does not build in a path with spaces.
    work = Path(tempfile.mkdtemp(prefix="tinyflow-")) if spaced else folder / "platformio"
    work.mkdir(exist_ok=True)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _place(project: Path, platform: str, work: Path) -> Path:
    """Where to build from. Upstream platforms write into the project: they get a copy."""
    if platform == OWN_PLATFORM:
        return project
    return Path(shutil.copytree(project, work / "project"))


def _judge(done: Completed, firmware: FirmwareProject, board: BoardProfile, log: Path) -> None:
    if done.status == 0:
        return
    overflow = overflow_error(done.stdout, firmware.model_name, board)
    if overflow is not None:
        raise overflow
    raise ToolError.from_command(
        f"the build for board {board.name} ended with exit status {done.status}",
        done.command,
        done.status,
        done.stdout,
        log,
    )


def _images(board: BoardProfile, built: Path) -> dict[str, int]:
    """The names of the files that are flashed, and their offsets.

    Platforms leave a binary beside the ELF file, or Intel HEX, of which one is made here: runners
    write binaries. A host's leaves nothing else.
    """
    memory = board.memory
    if board.esptool is not None:
        bootloader = BOOTLOADER_OFFSETS.get(board.esptool.chip, 0)
        others = {"bootloader.bin": bootloader, "partitions.bin": PARTITIONS_OFFSET}
        return {**others, BINARY: memory.flash_origin}
    if not (built / BINARY).is_file() and (built / HEX).is_file():
        content = intel_hex.to_binary(built / HEX, memory.flash_origin, memory.flash_bytes)
        (built / BINARY).write_bytes(content)
    return {BINARY if (built / BINARY).is_file() else ELF: memory.flash_origin}


def _collect(
    firmware: FirmwareProject, board: BoardProfile, built: Path, folder: Path, log: Path
) -> FirmwareImage:
    archive = f"lib{firmware.model_name}.a"
    images = _images(board, built)
    # ESP-IDF names the map file after the project, which is called like the model.
    maps = [built / f"{name}.map" for name in ("firmware", firmware.model_name)]
    link_map = next((file for file in maps if file.is_file()), maps[0])
    wanted = [built / ELF, link_map, *(built / name for name in images)]
    lost = [file.name for file in wanted if not file.is_file()]
    if lost:
        raise ToolError(
            f"the build for board {board.name} left no {', '.join(lost)}", [f"log: {log}"]
        )
    _check_reach(firmware, board, link_map)
    for file in {*wanted, *built.glob(f"lib*/{archive}")}:
        shutil.copy2(file, folder / (MAP if file == link_map else file.name))
    return describe(
        firmware,
        board,
        elf=folder / ELF,
        files={folder / name: offset for name, offset in images.items()},
        map_path=folder / MAP,
    )


def _check_reach(firmware: FirmwareProject, board: BoardProfile, link_map: Path) -> None:
    """Raise ModelError where an AVR's constants lie beyond what the pointers to them reach."""
    pieces = (piece for section in map_file.read_map(link_map) for piece in section.inputs)
    ends = [p.address + p.size for p in pieces if p.name.startswith(NEAR_FLASH)]
    over = max(ends, default=0) - NEAR_BYTES
    if over > 0:
        raise ModelError(
            f"model {firmware.model_name} has more constants than board {board.name} reaches",
            [f"they end {over:,} B beyond the first {NEAR_BYTES:,} B of flash"],
            ["tinyflow boards"],
        )
