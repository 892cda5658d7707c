"""Images of Espressif chips without an SDK: what esptool sees in them, and what the ROM loads."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tinyflow import build, compiler, generate, process
from tinyflow.artifacts import CompiledModel, FirmwareProject
from tinyflow.boards import BoardProfile, load_board
from tinyflow.build import esp_image
from tinyflow.errors import ModelError, ProjectError, ToolError

MODELS = Path(__file__).parents[1] / "models"
BOARDS = ["esp32", "esp32c3"]
BOOT_OFFSETS = {"esp32": 0x1000, "esp32c3": 0}
ENTRIES = {"esp32": 0x40080400, "esp32c3": 0x40380000}
CONSTANTS_OFFSET = 0x10000
Write = Callable[[BoardProfile], FirmwareProject]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> CompiledModel:
    folder = tmp_path_factory.mktemp("model") / "digits"
    return compiler.compile_model(MODELS / "digits.tflite", folder=folder)


@pytest.fixture
def write(model: CompiledModel, tmp_path: Path) -> Write:
    return lambda board: generate.write_project(tmp_path / "project", model, board, "cmake")


def image_info(file: Path, chip: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "esptool", "--chip", chip, "image-info", str(file)],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("name", BOARDS)
def test_esptool_finds_the_image_whole_and_the_bytes_are_the_same_anywhere(
    name: str, model: CompiledModel, write: Write, tmp_path: Path
) -> None:
    board = load_board(name)
    project = write(board)
    image = build.build(project, board, tmp_path / "image")
    program, constants = image.images
    assert (program.offset, constants.offset) == (BOOT_OFFSETS[name], CONSTANTS_OFFSET)

    told = image_info(program.path, name)
    assert re.search(r"Checksum: 0x[0-9a-f]{2} \(valid\)", told)
    assert re.search(r"Validation hash: [0-9a-f]{64} \(valid\)", told)
    rows = re.findall(r"^ +\d+ +0x([0-9a-f]+) +0x([0-9a-f]+) ", told, re.M)
    listed = [esp_image.Segment(int(at, 16), int(size, 16)) for size, at in rows]
    content = program.path.read_bytes()
    assert list(esp_image.segments(content, program.path)) == listed
    assert sorted(segment.address & ~0xFFF for segment in listed)[-1] == ENTRIES[name] & ~0xFFF
    (entry,) = struct.unpack_from("<I", content, 4)
    code = max(listed, key=lambda segment: segment.address)
    assert code.address <= entry < code.address + code.size
    assert (re.findall("Flash size: (.*)", told), re.findall("Flash mode: (.*)", told)) == (
        ["4MB"],
        ["DIO"],
    )

    # All the weights are in flash, and nothing of them in what the ROM loads.
    assert board.toolchain is not None
    weights = constants.path.read_bytes()
    listing = subprocess.run(
        [f"{board.toolchain.prefix}nm", "-S", image.elf], capture_output=True, text=True, check=True
    ).stdout
    base = {"esp32": 0x3F400000, "esp32c3": 0x3C000000}[name]
    arrays = re.findall(r"^([0-9a-f]+) ([0-9a-f]+) [Rr] (digits_\w+)$", listing, re.M)
    assert sum(int(size, 16) for _, size, _ in arrays) >= model.weights_bytes
    for at, size, symbol in arrays:
        place = int(at, 16) - base
        assert 0 <= place <= len(weights) - int(size, 16), symbol

    sizes = [file.path.stat().st_size for file in image.images]
    assert image.flash_bytes == sum(sizes) < 64 << 10
    assert model.arena_bytes + board.memory.stack_bytes < image.ram_bytes < 32 << 10
    assert image.library_ram_bytes == model.arena_bytes

    moved = replace(project, path=Path(shutil.move(project.path, tmp_path / "moved here")))
    again = build.build(moved, board, tmp_path / "another image")
    assert again.sha256 == image.sha256


def test_the_project_builds_by_hand_with_and_without_esptool(write: Write, tmp_path: Path) -> None:
    project = write(load_board("esp32"))
    readme = (project.path / "README.md").read_text(encoding="utf-8")
    assert "0x1000 build/firmware.bin 0x10000 build/constants.bin" in readme
    command = re.search(r"^    (cmake .*)$", readme, re.M)
    assert command is not None
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("cmake", "ninja", "xtensa-lx106-elf-gcc", "xtensa-lx106-elf-objcopy"):
        path = process.find_program(tool)
        assert path is not None, tool
        (tools / tool).symlink_to(path)
    for with_esptool in (False, True):
        if with_esptool:
            script = f'#!/bin/sh\nexec "{sys.executable}" -m esptool "$@"\n'
            (tools / "esptool").write_text(script, encoding="utf-8")
            (tools / "esptool").chmod(0o755)
        shutil.rmtree(project.path / "build", ignore_errors=True)
        done = subprocess.run(
            command[1],
            shell=True,
            cwd=project.path,
            env=process.environment({"PATH": f"{tools}:/usr/bin:/bin"}),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert (project.path / "build/firmware.elf").stat().st_size > 0
        assert (project.path / "build/firmware.bin").is_file() == with_esptool
        assert ("esptool is not on PATH" in done.stdout) != with_esptool


def test_a_program_over_its_room_in_flash_is_told_with_both_figures(
    write: Write, tmp_path: Path
) -> None:
    name = "esp32c3"
    board = load_board(name)
    near = replace(board.memory, flash_origin=BOOT_OFFSETS[name] + 0x2000)
    small = replace(board, memory=near)
    with pytest.raises(ModelError) as told:
        build.build(write(small), small, tmp_path / "image")
    assert told.value.what == f"model digits does not fit board {name}"
    (finding,) = told.value.detail
    figures = re.fullmatch(
        r"the program takes ([\d,]+) B of flash, before the constants there are 8,192 B: "
        r"([\d,]+) B too much",
        finding,
    )
    assert figures is not None
    needed, over = (int(figures[i].replace(",", "")) for i in (1, 2))
    assert over == needed - 8192 > 0


def test_code_over_the_code_ram_is_told_with_both_figures(write: Write, tmp_path: Path) -> None:
    board = load_board("esp32")
    small = replace(board, memory=replace(board.memory, code_bytes=4096))
    with pytest.raises(ModelError) as told:
        build.build(write(small), small, tmp_path / "image")
    (finding,) = told.value.detail
    assert re.fullmatch(
        r"the image needs [\d,]+ B of RAM for code, board esp32 has 4,096 B: [\d,]+ B too much",
        finding,
    )


def header(count: int) -> bytes:
    return struct.pack("<BBBBI16x", 0xE9, count, 2, 0x20, 0x40080400)


def packed(*parts: tuple[int, int]) -> bytes:
    """An image with segments of (address, size)."""
    body = b"".join(struct.pack("<II", at, size) + bytes(size) for at, size in parts)
    return header(len(parts)) + body + bytes(16)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([(0x3FFB0000, 16), (0x40080400, 100)], None),
        ([(0x3FFAE000, 16)], "16 B of it belong to 0x3ffae000, where the ROM loads none"),
        ([(0x3FFE0000, 16)], "16 B of it belong to 0x3ffe0000, where the ROM loads none"),
        ([(0x40080400, 0x1FC00)], None),
        (
            [(0x40080400, 0x1FC04)],
            "it needs 130,052 B of code RAM, the ROM loads 130,048 B: 4 B too much",
        ),
        (
            [(0x3FFD0000, 0x10010)],
            "it needs 196,624 B of data RAM, the ROM loads 196,608 B: 16 B too much",
        ),
        ([(0x40080400, 4)] * 17, "the program has 17 segments, the ROM loads 16"),
    ],
)
def test_what_the_rom_would_not_load_is_told(
    parts: list[tuple[int, int]], said: str | None, tmp_path: Path
) -> None:
    board = load_board("esp32")
    board = replace(board, memory=replace(board.memory, flash_origin=0x100000))
    assert board.esptool is not None
    (tmp_path / "firmware.bin").write_bytes(packed(*parts))
    (tmp_path / "constants.bin").write_bytes(b"1")
    if said is None:
        made = esp_image.files(tmp_path, board, board.esptool, "digits")
        assert list(made.values()) == [0x1000, 0x100000]
        return
    with pytest.raises(ModelError) as told:
        esp_image.files(tmp_path, board, board.esptool, "digits")
    assert told.value.detail == (said,)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not whole: it has 0 B"),
        (packed((0x40080400, 64))[:40], "is not an image for an Espressif chip"),
        (header(3) + struct.pack("<II", 0, 1 << 31), "is not whole"),
        (header(1) + struct.pack("<II", 0, 0xFFFFFFFF), "is not an image"),
        (b"\x7fELF" + bytes(100), "is not an image"),
    ],
)
def test_a_file_that_is_no_image_is_told(content: bytes, said: str, tmp_path: Path) -> None:
    file = tmp_path / "firmware.bin"
    with pytest.raises(ToolError, match=said):
        esp_image.segments(content, file)


def test_a_chip_whose_rom_is_not_known_and_files_that_are_lost_are_told(tmp_path: Path) -> None:
    board = load_board("esp32")
    assert board.esptool is not None
    with pytest.raises(ProjectError, match="chip esp32h2, which cmake makes no image for"):
        esp_image.files(tmp_path, board, replace(board.esptool, chip="esp32h2"), "digits")
    with pytest.raises(ToolError, match=r"left no firmware\.bin and no constants\.bin"):
        esp_image.files(tmp_path, board, board.esptool, "digits")
