"""Scripts that put the image on the board, with the plain tool of each of the board's runners.

They look at the files first: one that is not what was handed over is not flashed.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinyflow import __version__, checksums, render, uf2_file
from tinyflow.artifacts import FirmwareImage, FlashFile
from tinyflow.boards import BoardProfile

CONSOLE_PORT = 5555
UF2 = "firmware.uf2"
PLACE = "\0place\0"
"""In a command: the port that the user names."""


@dataclass(frozen=True)
class Recipe:
    """How a runner's tool is called; `place` says what the user names, empty for nothing.

    Files are named as in the hand-off, without a folder. Where `drive` is not empty, it is the
    Board-ID of a bootloader's drive: the second word of `command` is copied there.
    """

    command: tuple[str, ...]
    place: str = ""
    note: str = ""
    drive: str = ""


@dataclass(frozen=True)
class ScriptContext:
    """Context of templates/handoff/flash.*.j2. `files` are pairs of a name and its SHA-256.

    `command` is a line of the script's language, `place` what its one argument is, if any. Where
    `drive` is not empty, it is the Board-ID of the drive that the first file is copied to, and
    `command` what the search for it in INFO_UF2.TXT is told.
    """

    board: str
    runner: str
    tool: str
    tool_version: str
    files: tuple[tuple[str, str], ...]
    command: str
    place: str
    note: str
    drive: str


@dataclass(frozen=True)
class Script:
    """A script in the hand-off: how it is called from a shell, and what to know before."""

    call: str
    note: str


def drive_file(board: BoardProfile, image: FirmwareImage) -> bytes | None:
    """The image as the UF2 file that is dragged onto the board's drive; None where it has none."""
    file = _flat(image)
    if board.uf2 is None or "uf2" not in board.runners or file is None:
        return None
    return b"".join(uf2_file.blocks(file.path.read_bytes(), file.offset, board.uf2.family))


def scripts(
    folder: Path, board: BoardProfile, image: FirmwareImage, templates: Sequence[Path] = ()
) -> tuple[Script, ...]:
    """Write a script for each runner of the board that one can be written for.

    The image's files are in `folder` already; the UF2 file is put there. Returns those for a shell.
    """
    calls = []
    dragged = drive_file(board, image)
    if dragged is not None:
        (folder / UF2).write_bytes(dragged)
    for runner in board.runners:
        recipe = _RECIPES[runner](board, image) if runner in _RECIPES else None
        if recipe is None:
            continue
        verb = "run" if runner in ("native", "qemu") else "flash"
        named = [name for name in checksums.listing(folder) if _names(recipe.command, name)]
        files = tuple((name, checksums.file_sha256(folder / name)) for name in named)
        for suffix, line, search, ending in (
            ("sh", _shell, _shell_search, "\n"),
            ("bat", _batch, _batch_search, "\r\n"),
        ):
            if runner == "native" and suffix == "bat":
                continue  # the image is a program of this system
            context = ScriptContext(
                board=board.name,
                runner=runner,
                tool=recipe.command[0],
                tool_version=__version__,
                files=files,
                command=search(recipe.drive) if recipe.drive else line(recipe.command),
                place=recipe.place,
                note=recipe.note,
                drive=recipe.drive,
            )
            text = render.render(f"handoff/flash.{suffix}.j2", context, templates)
            name = f"{verb}-{runner}.{suffix}"
            (folder / name).write_bytes(text.replace("\n", ending).encode())
            if suffix == "sh":
                (folder / name).chmod(0o755)
                given = "" if recipe.drive else f" {recipe.place}".rstrip()
                calls.append(Script(f"{name}{given}", recipe.note))
    return tuple(calls)


def _names(command: Sequence[str], file: str) -> bool:
    return any(file in word.replace(":", " ").replace("/", " ").split() for word in command)


def _shell(command: Sequence[str]) -> str:
    words = [shlex.quote(word).replace(PLACE, "$1") for word in command]
    return " ".join(f'"{word.strip(chr(39))}"' if "$1" in word else word for word in words)


def _batch(command: Sequence[str]) -> str:
    return " ".join(
        f'"{word}"' if not word or set(word) & set(" ,;=&()^|<>%") else word
        for word in (word.replace(PLACE, "%~1") for word in command)
    )


def _shell_search(drive: str) -> str:
    return shlex.quote(f"^Board-ID: *{drive}")


def _batch_search(drive: str) -> str:
    return f'/c:"Board-ID: {drive}"'


def _in_order(image: FirmwareImage) -> list[FlashFile]:
    return sorted(image.images, key=lambda file: file.offset)


def _flat(image: FirmwareImage) -> FlashFile | None:
    """The one flat binary, where the image is that."""
    flat = [file for file in image.images if file.path.suffix == ".bin"]
    return flat[0] if len(image.images) == len(flat) == 1 else None


def _native(board: BoardProfile, image: FirmwareImage) -> Recipe:
    return Recipe((f"./{image.elf.name}",), note="its console is standard input and output")


def _qemu(board: BoardProfile, image: FirmwareImage) -> Recipe | None:
    settings = board.qemu
    if settings is None or settings.image not in ("kernel", "bios"):
        return None
    serial = f"tcp:127.0.0.1:{CONSOLE_PORT},server=on,wait=off,nodelay=on"
    return Recipe(
        (
            *(settings.program, *settings.arguments, "-display", "none", "-serial", serial),
            *(f"-{settings.image}", image.elf.name),
        ),
        note=f"its console is TCP port {CONSOLE_PORT} of this machine",
    )


def _esptool(board: BoardProfile, image: FirmwareImage) -> Recipe | None:
    settings = board.esptool
    if settings is None:
        return None
    pairs = [word for file in _in_order(image) for word in (f"{file.offset:#x}", file.path.name)]
    return Recipe(
        (
            *("esptool", "--chip", settings.chip, "--port", PLACE, "--baud", str(settings.baud)),
            *("write-flash", "--flash-mode", settings.flash_mode),
            *("--flash-freq", settings.flash_freq, "--flash-size", settings.flash_size, *pairs),
        ),
        place="PORT",
        note="esptool 5, from pip or as its standalone program; it verifies what it wrote",
    )


def _openocd(board: BoardProfile, image: FirmwareImage) -> Recipe | None:
    if board.openocd is None:
        return None
    configs = [word for file in board.openocd.config for word in ("-f", file)]
    return Recipe(("openocd", *configs, "-c", f"program {image.elf.name} verify reset exit"))


def _pyocd(board: BoardProfile, image: FirmwareImage) -> Recipe | None:
    if board.pyocd is None:
        return None
    return Recipe(("pyocd", "load", "--target", board.pyocd.target, image.elf.name))


def _picotool(board: BoardProfile, image: FirmwareImage) -> Recipe:
    return Recipe(
        ("picotool", "load", "-v", "-x", image.elf.name),
        note="hold BOOTSEL while plugging the board in",
    )


def _uf2(board: BoardProfile, image: FirmwareImage) -> Recipe | None:
    if board.uf2 is None or _flat(image) is None:
        return None
    return Recipe(
        ("copy", UF2),
        place="[DRIVE]",
        note="hold BOOTSEL while plugging the board in; it finds the drive, or is given it",
        drive=board.uf2.board_id,
    )


def _stm32flash(board: BoardProfile, image: FirmwareImage) -> Recipe | None:
    file = _flat(image)
    if board.stm32flash is None or file is None:
        return None
    start = f"{file.offset:#x}"
    return Recipe(
        (
            *("stm32flash", "-b", str(board.stm32flash.baud), "-w", file.path.name),
            *("-v", "-S", start, "-g", start, PLACE),
        ),
        place="PORT",
        note="start the chip in its ROM's bootloader (BOOT0 high, reset)",
    )


def _avrdude(board: BoardProfile, image: FirmwareImage) -> Recipe | None:
    settings = board.avrdude
    if settings is None or len(image.images) != 1:
        return None
    file = image.images[0].path
    kind = {".hex": "i", ".bin": "r", ".elf": "e"}.get(file.suffix)
    if kind is None:
        return None
    return Recipe(
        (
            *("avrdude", "-p", settings.part, "-c", settings.programmer, "-P", PLACE),
            *("-b", str(settings.baud), "-D", "-U", f"flash:w:{file.name}:{kind}"),
        ),
        place="PORT",
    )


def _bossac(board: BoardProfile, image: FirmwareImage) -> Recipe | None:
    file = _flat(image)
    if board.bossac is None or file is None:
        return None
    return Recipe(
        (
            *("bossac", "-p", PLACE, f"--offset={board.bossac.offset:#x}"),
            *("-e", "-w", "-v", "-R", file.path.name),
        ),
        place="PORT",
        note="press reset twice for the bootloader",
    )


_RECIPES: Mapping[str, Callable[[BoardProfile, FirmwareImage], Recipe | None]] = {
    "native": _native,
    "qemu": _qemu,
    "esptool": _esptool,
    "openocd": _openocd,
    "pyocd": _pyocd,
    "picotool": _picotool,
    "uf2": _uf2,
    "stm32flash": _stm32flash,
    "avrdude": _avrdude,
    "bossac": _bossac,
}
