"""Builder `cmake`: the generated project is an ordinary CMake project, built with Ninja."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tinyflow import process, progress, tools
from tinyflow.artifacts import FirmwareImage, FirmwareProject
from tinyflow.boards import BoardProfile, Toolchain
from tinyflow.build import esp_image
from tinyflow.build.compiler import require_compiler
from tinyflow.build.image import describe
from tinyflow.build.overflow import overflow_error
from tinyflow.errors import ProjectError, ToolError

STAGE = "build"
CONFIGURE_SECONDS = 120.0
BUILD_SECONDS = 900.0
ELF, BINARY, MAP = "firmware.elf", "firmware.bin", "firmware.map"
# A user's own flags would make another image of the same project.
ENVIRONMENT = {
    **dict.fromkeys(("CFLAGS", "CPPFLAGS", "LDFLAGS", "CC", "CMAKE_GENERATOR"), ""),
    "LC_ALL": "C",
}


def build_image(
    firmware: FirmwareProject, board: BoardProfile, folder: Path, logs: Path
) -> FirmwareImage:
    """Build `firmware` with CMake and Ninja; the image's files are put into `folder`.

    They are the ELF file, its flat binary and the map file; of an Espressif chip the files that
    esptool made of it. Raises ToolError when the
    compiler, CMake or Ninja is missing or does not succeed, ModelError when the image does not fit.
    """
    toolchain = _toolchain(board)
    require_compiler(board, toolchain)
    cmake, ninja = tools.require("cmake"), tools.require("ninja")
    folder.mkdir(parents=True, exist_ok=True)
    work = folder / "cmake"
    shutil.rmtree(work, ignore_errors=True)
    try:
        progress.report(STAGE, "configuring")
        process.run(
            [
                *(str(cmake), "-S", str(firmware.path), "-B", str(work), "-G", "Ninja"),
                f"-DCMAKE_MAKE_PROGRAM={ninja}",
                "-DCMAKE_COMPILE_WARNING_AS_ERROR=ON",
                *_esptool(board),
            ],
            what="CMake",
            timeout=CONFIGURE_SECONDS,
            env=ENVIRONMENT,
            log=logs / "configure.log",
        )
        progress.report(STAGE, "compiling")
        _compile(str(ninja), work, firmware, board, logs / "build.log")
        return _collect(firmware, board, work, folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _esptool(board: BoardProfile) -> list[str]:
    """The esptool that belongs to this tinyflow, as the generated project takes it."""
    if board.esptool is None:
        return []
    tools.require("esptool")
    return [f"-DESPTOOL:STRING={sys.executable};-m;esptool"]


def _toolchain(board: BoardProfile) -> Toolchain:
    if board.toolchain is None:
        raise ProjectError(
            f"board {board.name} has no [toolchain], which builder cmake needs",
            [f"builders of this board: {', '.join(board.builders)}"],
        )
    return board.toolchain


def _compile(
    ninja: str, work: Path, firmware: FirmwareProject, board: BoardProfile, log: Path
) -> None:
    command = [ninja, "-C", str(work)]
    done = process.run(
        command, what="the build", timeout=BUILD_SECONDS, env=ENVIRONMENT, log=log, check=False
    )
    if done.status == 0:
        return
    output = done.stdout + done.stderr
    overflow = overflow_error(output, firmware.model_name, board)
    if overflow is not None:
        raise overflow
    raise ToolError.from_command(
        f"the build for board {board.name} ended with exit status {done.status}",
        command,
        done.status,
        output,
        log,
    )


def _collect(
    firmware: FirmwareProject, board: BoardProfile, work: Path, folder: Path
) -> FirmwareImage:
    kept = {
        name: Path(shutil.copy2(work / name, folder / name))
        for name in (ELF, BINARY, MAP)
        if (work / name).is_file()
    }
    if ELF not in kept or MAP not in kept:
        raise ToolError(f"the build for board {board.name} left no {ELF} and {MAP}")
    files = {kept.get(BINARY, kept[ELF]): board.memory.flash_origin}
    flash_bytes = None
    if board.esptool is not None:
        made = esp_image.files(work, board, board.esptool, firmware.model_name)
        files = {Path(shutil.copy2(file, folder / file.name)): made[file] for file in made}
        flash_bytes = sum(file.stat().st_size for file in files)
    return describe(
        firmware,
        board,
        elf=kept[ELF],
        files=files,
        map_path=kept[MAP],
        flash_bytes=flash_bytes,
    )
