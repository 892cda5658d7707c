"""Flashing scripts: the plain tool's command line, and no other file than was handed over."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rom_loader import Esp32
from serial_peer import SerialPeer

from tinyflow import process, uf2_file
from tinyflow.artifacts import FirmwareImage, FlashFile
from tinyflow.boards import Avrdude, BoardProfile, Bossac, Openocd, Pyocd, Stm32flash, Uf2
from tinyflow.handoff import flashing

RECORDER = '#!/bin/sh\nfor word in "$0" "$@"; do echo "$word"; done > "$RECORD"\n'


@pytest.fixture
def placed(invented: Any, tmp_path: Path) -> Path:
    """A folder with the image's files in it."""
    folder = tmp_path / "the image"
    folder.mkdir()
    for file in (*(part.path for part in invented.image.images), invented.image.elf):
        shutil.copy(file, folder)
    return folder


def call(
    script: Path, tool: str, *arguments: str
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run a script with a tool on PATH that only notes how it was called."""
    programs, record = script.parents[1] / "bin", script.parents[1] / "record"
    programs.mkdir(exist_ok=True)
    (programs / tool).write_text(RECORDER)
    (programs / tool).chmod(0o755)
    done = subprocess.run(
        [script, *arguments],
        env={"PATH": f"{programs}:{os.environ['PATH']}", "RECORD": str(record)},
        capture_output=True,
        text=True,
        check=False,
    )
    words = record.read_text().splitlines()[1:] if record.exists() else []
    return done, words


def test_all_files_go_to_their_offsets(invented: Any, placed: Path) -> None:
    scripts = flashing.scripts(placed, invented.board, invented.image)
    assert [script.call for script in scripts] == ["flash-esptool.sh PORT", "run-qemu.sh"]
    done, words = call(placed / "flash-esptool.sh", "esptool", "/dev/tty my port")
    assert done.returncode == 0, done.stderr
    assert words == [
        *("--chip", "esp32", "--port", "/dev/tty my port", "--baud", "460800", "write-flash"),
        *("--flash-mode", "dio", "--flash-freq", "40m", "--flash-size", "4MB"),
        *("0x1000", "boot.bin", "0x10000", "app.bin"),
    ]
    done, words = call(placed / "run-qemu.sh", "qemu-system-xtensa")
    assert done.returncode == 0, done.stderr
    assert words[:2] == ["-machine", "my machine"]
    assert words[-2:] == ["-kernel", "firmware.elf"]


def test_real_esptool_writes_them_where_they_belong(invented: Any, placed: Path) -> None:
    """Through a model of the ROM loader, with a flash array behind it."""
    flashing.scripts(placed, invented.board, invented.image)
    chip = Esp32()
    with SerialPeer(chip, pty=True) as peer:
        done = subprocess.run(
            [placed / "flash-esptool.sh", peer.port],
            env={**os.environ, "PATH": f"{process.scripts_folder()}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    for part in invented.image.images:
        content = part.path.read_bytes()
        assert chip.flash.read(part.offset, len(content)) == content


@pytest.mark.parametrize("name", ["boot.bin", "app.bin"])
def test_a_changed_file_is_not_flashed(invented: Any, placed: Path, name: str) -> None:
    flashing.scripts(placed, invented.board, invented.image)
    with (placed / name).open("ab") as file:
        file.write(b"\0")
    done, words = call(placed / "flash-esptool.sh", "esptool", "/dev/ttyUSB0")
    assert (done.returncode, words) == (1, [])
    assert done.stderr == f"{name} is not the file that was handed over: nothing was done\n"
    (placed / name).unlink()
    done, words = call(placed / "flash-esptool.sh", "esptool", "/dev/ttyUSB0")
    assert (done.returncode, words) == (1, [])


def test_without_a_port_its_use_is_told(invented: Any, placed: Path) -> None:
    flashing.scripts(placed, invented.board, invented.image)
    done, words = call(placed / "flash-esptool.sh", "esptool")
    assert (done.returncode, words) == (2, [])
    assert done.stderr == f"usage: {placed / 'flash-esptool.sh'} PORT\n"


@pytest.mark.parametrize("name", ["flash-esptool.sh", "flash-esptool.bat", "run-qemu.bat"])
def test_what_a_person_reads(
    invented: Any, placed: Path, golden: Callable[[str, str], None], name: str
) -> None:
    flashing.scripts(placed, invented.board, invented.image)
    read(placed / name, golden)


@pytest.mark.parametrize("name", ["flash-uf2.sh", "flash-uf2.bat"])
def test_what_a_person_reads_of_a_drive(
    dragged: Path, golden: Callable[[str, str], None], name: str
) -> None:
    read(dragged / name, golden)


def read(script: Path, golden: Callable[[str, str], None]) -> None:
    text = script.read_bytes().decode()
    if script.suffix == ".bat":
        assert text.count("\n") == text.count("\r\n")
    golden(f"handoff/{script.name}.txt", text.replace("\r\n", "\n"))


def flat(board: BoardProfile, folder: Path, suffix: str) -> FirmwareImage:
    (folder / f"firmware{suffix}").write_bytes(b"code")
    files = (FlashFile(folder / f"firmware{suffix}", 0x8000000),)
    return FirmwareImage(
        board.name, "cmake", folder / "firmware.elf", files, "", 0, 0, 0, 0, 0, "", ""
    )


# fmt: off
RUNNERS: list[tuple[str, str, dict[str, Any], str, list[str]]] = [
    ("openocd", ".bin", {"openocd": Openocd(("interface/stlink.cfg", "target/stm32f4x.cfg"))}, "",
     ["-f", "interface/stlink.cfg", "-f", "target/stm32f4x.cfg",
      "-c", "program firmware.elf verify reset exit"]),
    ("pyocd", ".bin", {"pyocd": Pyocd("nrf52840")}, "",
     ["load", "--target", "nrf52840", "firmware.elf"]),
    ("picotool", ".bin", {"uf2": Uf2(1, "RPI-RP2")}, "", ["load", "-v", "-x", "firmware.elf"]),
    ("stm32flash", ".bin", {"stm32flash": Stm32flash()}, "/dev/ttyUSB0",
     ["-b", "115200", "-w", "firmware.bin", "-v", "-S", "0x8000000", "-g", "0x8000000",
      "/dev/ttyUSB0"]),
    ("avrdude", ".hex", {"avrdude": Avrdude("m2560", "wiring")}, "/dev/ttyACM0",
     ["-p", "m2560", "-c", "wiring", "-P", "/dev/ttyACM0", "-b", "115200", "-D",
      "-U", "flash:w:firmware.hex:i"]),
    ("bossac", ".bin", {"bossac": Bossac(0x10000)}, "/dev/ttyACM0",
     ["-p", "/dev/ttyACM0", "--offset=0x10000", "-e", "-w", "-v", "-R", "firmware.bin"]),
]
# fmt: on


@pytest.mark.parametrize(("runner", "suffix", "section", "place", "wanted"), RUNNERS)
def test_every_runner_has_its_tools_own_command(
    invented: Any,
    placed: Path,
    runner: str,
    suffix: str,
    section: dict[str, Any],
    place: str,
    wanted: list[str],
) -> None:
    board = replace(invented.board, runners=(runner,), **section)
    flashing.scripts(placed, board, flat(board, placed, suffix))
    arguments = (place,) if place else ()
    done, words = call(placed / f"flash-{runner}.sh", runner, *arguments)
    assert done.returncode == 0, done.stderr
    assert words == wanted
    batch = (placed / f"flash-{runner}.bat").read_text()
    assert runner in batch


@pytest.fixture
def dragged(invented: Any, placed: Path) -> Path:
    """A folder with an image, its UF2 file and its script."""
    board = replace(invented.board, runners=("uf2",), uf2=Uf2(7, "RPI-RP2"))
    (script,) = flashing.scripts(placed, board, flat(board, placed, ".bin"))
    assert script.call == "flash-uf2.sh"
    return placed


def drive(folder: Path, board_id: str) -> Path:
    folder.mkdir(parents=True)
    text = f"UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: {board_id}\r\n"
    (folder / "INFO_UF2.TXT").write_bytes(text.encode())
    return folder


def test_a_uf2_file_goes_to_its_drive(dragged: Path, tmp_path: Path) -> None:
    """The drive is named from another folder; the file is the image, as flash/uf2.py writes it."""
    content = (dragged / "firmware.uf2").read_bytes()
    assert content == b"".join(uf2_file.blocks(b"code", 0x8000000, 7))
    place = drive(tmp_path / "a drive", "RPI-RP2")
    command = [dragged / "flash-uf2.sh", "a drive"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (place / "firmware.uf2").read_bytes() == content


@pytest.mark.parametrize("board_id", ["RP2350", "x RPI-RP2", ""])
def test_no_other_drive_is_written(dragged: Path, tmp_path: Path, board_id: str) -> None:
    place = drive(tmp_path / "drive", board_id)
    command = [dragged / "flash-uf2.sh", place]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("no drive says that it is RPI-RP2: nothing was done\n")
    assert not (place / "firmware.uf2").exists()


def test_the_drive_is_found(dragged: Path, tmp_path: Path) -> None:
    """Where a desktop mounts it, among others."""
    script = dragged / "flash-uf2.sh"
    media = tmp_path / "media" / "me"
    script.write_text(script.read_text().replace(" /media/*/* ", f" {media.parent}/*/* "))
    other, place = drive(media / "A", "RP2350"), drive(media / "my drive", "RPI-RP2")
    assert subprocess.run([script], capture_output=True, check=False).returncode == 0
    assert [(folder / "firmware.uf2").is_file() for folder in (other, place)] == [False, True]


def test_a_program_of_this_system_is_run(invented: Any, placed: Path) -> None:
    """A zip file that was unpacked without its modes has no program in it."""
    (placed / "firmware.elf").write_text("#!/bin/sh\necho it runs\n")
    board = replace(invented.board, runners=("native",))
    (script,) = flashing.scripts(placed, board, invented.image)
    done = subprocess.run([placed / script.call], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "it runs\n", "")
    assert not (placed / "run-native.bat").exists()


def test_there_is_no_script_that_could_not_work(invented: Any, placed: Path) -> None:
    """Two files are not one UF2 file, and not one flat image; the emulator wants a flash chip."""
    board = replace(
        invented.board,
        runners=("uf2", "stm32flash", "qemu"),
        uf2=Uf2(1, "RPI-RP2"),
        stm32flash=Stm32flash(),
        qemu=replace(invented.board.qemu, image="flash"),
    )
    assert flashing.scripts(placed, board, invented.image) == ()
