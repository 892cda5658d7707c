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

from tinyflow import process
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
    calls = flashing.scripts(placed, invented.board, invented.image)
    assert calls == ("flash-esptool.sh PORT", "run-qemu.sh")
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
    text = (placed / name).read_bytes().decode()
    if name.endswith(".bat"):
        assert text.count("\n") == text.count("\r\n")
    golden(f"handoff/{name}.txt", text.replace("\r\n", "\n"))


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
    ("uf2", ".uf2", {"uf2": Uf2(1, "RPI-RP2")}, "/media/a drive",
     ["firmware.uf2", "/media/a drive"]),
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
    tool = "cp" if runner == "uf2" else runner
    arguments = (place,) if place else ()
    done, words = call(placed / f"flash-{runner}.sh", tool, *arguments)
    assert done.returncode == 0, done.stderr
    assert words == wanted
    batch = (placed / f"flash-{runner}.bat").read_text()
    assert ("copy /b" if tool == "cp" else tool) in batch


def test_there_is_no_script_that_could_not_work(invented: Any, placed: Path) -> None:
    """No UF2 file was built; two files are not one flat image; the emulator wants a flash chip."""
    board = replace(
        invented.board,
        runners=("uf2", "stm32flash", "qemu"),
        uf2=Uf2(1, "RPI-RP2"),
        stm32flash=Stm32flash(),
        qemu=replace(invented.board.qemu, image="flash"),
    )
    assert flashing.scripts(placed, board, invented.image) == ()
