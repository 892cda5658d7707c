"""Real `pio run`s: the same image as CMake's, errors that say what is wrong, ESP32 projects."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tinyflow import build, device, flash
from tinyflow.artifacts import CompiledModel, FirmwareImage, FirmwareProject
from tinyflow.boards import BoardProfile, load_board
from tinyflow.build import platformio_packages
from tinyflow.errors import ModelError, ProjectError, ToolError

TESTS = Path(__file__).parents[1]
STUB_PLATFORM = Path(__file__).parent / "espressif32_stub"

Generate = Callable[[BoardProfile, str, Path], FirmwareProject]


def files(folder: Path) -> dict[str, str]:
    """Every file below a folder, and its hash."""
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def build_with(
    generate_project: Generate, builder: str, board: BoardProfile, folder: Path
) -> FirmwareImage:
    firmware = generate_project(board, builder, folder / "project")
    before = files(firmware.path)
    image = build.build(firmware, board, folder / "image")
    assert files(firmware.path) == before, "the builder wrote into the project"
    return image


@pytest.fixture(scope="module", params=["qemu-m4", "qemu-m3", "qemu-riscv32"])
def pair(
    request: pytest.FixtureRequest,
    generate_project: Generate,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[BoardProfile, FirmwareImage, FirmwareImage]:
    """A board, and the same firmware built by CMake and by PlatformIO."""
    board = load_board(request.param)
    folder = tmp_path_factory.mktemp("builders")
    by_cmake = build_with(generate_project, "cmake", board, folder / "cmake")
    by_platformio = build_with(generate_project, "platformio", board, folder / "with a space")
    return board, by_cmake, by_platformio


def test_both_builders_make_the_same_image(
    pair: tuple[BoardProfile, FirmwareImage, FirmwareImage],
) -> None:
    board, by_cmake, by_platformio = pair
    assert by_platformio.builder == "platformio"
    contents = []
    for image in (by_cmake, by_platformio):
        (flashed,) = image.images
        assert flashed.offset == board.memory.flash_origin
        content = flashed.path.read_bytes()
        # The build id is the project's, and the projects differ in what each builder needs.
        assert content.count(image.build_id.encode()) == 1
        contents.append(content.replace(image.build_id.encode(), b"-" * len(image.build_id)))
    assert contents[0] == contents[1]
    for figure in ("flash_bytes", "ram_bytes", "library_code_bytes", "library_flash_bytes"):
        assert getattr(by_platformio, figure) == getattr(by_cmake, figure) > 0
    assert by_platformio.library_ram_bytes == by_cmake.library_ram_bytes > 0


def test_both_images_answer_and_count_the_same(
    pair: tuple[BoardProfile, FirmwareImage, FirmwareImage], digits: CompiledModel
) -> None:
    board, *images = pair
    inputs = np.random.default_rng(1).integers(
        -128, 128, (3, digits.input.size_bytes), dtype=np.int8
    )
    answers = []
    for image in images:
        with flash.flash(image, board, None) as flashed, device.connect(flashed) as dut:
            answers.append([dut.infer(row.tobytes()) for row in inputs])
    assert [answer.output for answer in answers[0]] == [answer.output for answer in answers[1]]
    assert len({answer.output for answer in answers[0]}) > 1
    assert board.counter.unit == "instructions"
    assert [answer.count for answer in answers[0]] == [answer.count for answer in answers[1]]


def test_the_host_s_image_has_the_same_inference_library(
    generate_project: Generate, tmp_path: Path
) -> None:
    board = load_board("native")
    by_cmake = build_with(generate_project, "cmake", board, tmp_path / "cmake")
    by_platformio = build_with(generate_project, "platformio", board, tmp_path / "platformio")
    for figure in ("library_code_bytes", "library_flash_bytes", "library_ram_bytes"):
        assert getattr(by_platformio, figure) == getattr(by_cmake, figure) > 0
    assert by_platformio.elf.stat().st_mode & 0o100, "a host image is a program"


def test_a_build_is_repeatable_wherever_it_lies(generate_project: Generate, tmp_path: Path) -> None:
    board = load_board("qemu-m4")
    images = [
        build_with(generate_project, "platformio", board, tmp_path / place)
        for place in ("here", "some where/else")
    ]
    assert images[0].sha256 == images[1].sha256
    assert images[0].elf.read_bytes() == images[1].elf.read_bytes()


def test_only_the_image_and_its_papers_are_kept(generate_project: Generate, tmp_path: Path) -> None:
    image = build_with(generate_project, "platformio", load_board("qemu-m4"), tmp_path)
    kept = sorted(file.name for file in image.elf.parent.iterdir())
    assert kept == [
        "firmware.bin",
        "firmware.elf",
        "firmware.map",
        "libdigits.a",
        "platformio.log",
    ]
    assert "Linking" in (tmp_path / "image" / "platformio.log").read_text()


def test_a_compiler_error_is_shown_with_its_log(generate_project: Generate, tmp_path: Path) -> None:
    board = load_board("qemu-m4")
    firmware = generate_project(board, "platformio", tmp_path / "project")
    with (firmware.path / "src" / "main.c").open("a") as source:
        source.write("int broken(void) { return not_there; }\n")
    with pytest.raises(ToolError) as caught:
        build.build(firmware, board, tmp_path / "image")
    text = str(caught.value)
    assert caught.value.what == "the build for board qemu-m4 ended with exit status 1"
    assert "not_there" in text
    assert f"log: {tmp_path / 'image' / 'platformio.log'}" in text
    assert not (tmp_path / "image" / "platformio").exists()


def test_an_image_over_the_board_s_flash_is_the_model_s_error(
    generate_project: Generate, tmp_path: Path
) -> None:
    board = load_board("qemu-m4")
    small = dataclasses.replace(board, memory=dataclasses.replace(board.memory, flash_bytes=8192))
    firmware = generate_project(small, "platformio", tmp_path / "project")
    with pytest.raises(ModelError, match="does not fit board qemu-m4") as caught:
        build.build(firmware, small, tmp_path / "image")
    assert "has 8,192 B" in str(caught.value)


def test_a_missing_compiler_is_named(generate_project: Generate, tmp_path: Path) -> None:
    board = load_board("qemu-m4")
    assert board.toolchain is not None
    toolchain = dataclasses.replace(board.toolchain, prefix="no-such-")
    odd = dataclasses.replace(board, toolchain=toolchain)
    firmware = generate_project(odd, "platformio", tmp_path / "project")
    with pytest.raises(ToolError, match="no-such-gcc is not installed"):
        build.build(firmware, odd, tmp_path / "image")


def test_a_board_without_platformio_is_refused(generate_project: Generate, tmp_path: Path) -> None:
    board = load_board("qemu-m4")
    firmware = generate_project(board, "platformio", tmp_path / "project")
    with pytest.raises(ProjectError, match=r"qemu-m4 has no \[platformio\]"):
        build.build(firmware, dataclasses.replace(board, platformio=None), tmp_path / "image")


# ESP32


def pio(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "platformio", *arguments],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout


@pytest.fixture
def core_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's core directory, with nothing in it."""
    folder = tmp_path / "core"
    monkeypatch.setenv("PLATFORMIO_CORE_DIR", str(folder))
    return folder


@pytest.fixture
def espressif32(core_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A core directory that has the stand-in for espressif32, and SCons."""
    scons = platformio_packages.install_scons()
    (core_dir / "packages").mkdir(parents=True)
    (core_dir / "packages" / scons.name).symlink_to(scons)
    shutil.copytree(STUB_PLATFORM, core_dir / "platforms" / "espressif32")
    monkeypatch.setenv("ESPIDF_STUBS", str(TESTS / "firmware" / "espidf_stubs"))
    return core_dir


def test_platformio_accepts_the_esp32_project(
    generate_project: Generate, tmp_path: Path, core_dir: Path
) -> None:
    board = load_board("esp32")
    firmware = generate_project(board, "platformio", tmp_path / "project")
    sections = dict(json.loads(pio("project", "config", "-d", str(firmware.path), "--json-output")))
    environment = dict(sections["env:esp32"])
    assert environment["platform"] == "espressif32 @ ~6.13.0"
    assert environment["board"] == "esp32dev"
    assert environment["framework"] == ["espidf"]
    assert environment["board_build.partitions"] == "partitions.csv"
    assert environment["monitor_filters"] == ["esp32_exception_decoder"]
    assert int(environment["monitor_speed"]) == board.baud


def test_the_esp32_project_is_one_of_esp_idf(generate_project: Generate, tmp_path: Path) -> None:
    board = load_board("esp32")
    folder = generate_project(board, "platformio", tmp_path / "project").path
    table = [
        [field.strip() for field in line.split(",")]
        for line in (folder / "partitions.csv").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    ends = [int(row[3], 0) + int(row[4], 0) for row in table]
    assert all(int(row[3], 0) >= end for row, end in zip(table[1:], ends, strict=False)), table
    app = next(row for row in table if row[1] == "app")
    assert (int(app[3], 0), int(app[4], 0)) == (
        board.memory.flash_origin,
        board.memory.flash_bytes,
    )
    assert ends[-1] <= 4 << 20
    options = dict(
        line.split("=", 1)
        for line in (folder / "sdkconfig.defaults").read_text().splitlines()
        if line and not line.startswith("#")
    )
    assert options["CONFIG_PARTITION_TABLE_CUSTOM_FILENAME"] == '"partitions.csv"'
    assert options["CONFIG_ESP_MAIN_TASK_STACK_SIZE"] == str(board.memory.stack_bytes)
    assert options["CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ_240"] == "y"
    assert not (folder / "platform").exists()
    assert "project(digits)" in (folder / "CMakeLists.txt").read_text()


def test_esp32_without_its_platform_says_so_at_once(
    generate_project: Generate, tmp_path: Path, core_dir: Path, offline: None
) -> None:
    board = load_board("esp32")
    firmware = generate_project(board, "platformio", tmp_path / "project")
    with pytest.raises(ToolError) as caught:
        build.build(firmware, board, tmp_path / "image")
    text = str(caught.value)
    assert "espressif32 @ ~6.13.0 is not installed" in caught.value.what
    assert 'pio pkg install -g -p "espressif32 @ ~6.13.0"' in text
    assert f"pio pkg install -d {firmware.path}" in text
    assert not core_dir.exists()
    assert not (tmp_path / "image" / "platformio").exists()


@pytest.mark.parametrize("place", ["plain", "with a space"])
def test_esp32_builds_where_its_platform_is(
    place: str, generate_project: Generate, tmp_path: Path, espressif32: Path, offline: None
) -> None:
    board = load_board("esp32")
    image = build_with(generate_project, "platformio", board, tmp_path / place)
    assert [(file.path.name, file.offset) for file in image.images] == [
        ("bootloader.bin", 0x1000),
        ("partitions.bin", 0x8000),
        ("firmware.bin", 0x10000),
    ]
    assert all(file.path.is_file() for file in image.images)
    assert image.elf.is_file()
    assert image.library_flash_bytes > image.library_code_bytes > 0
    assert image.library_ram_bytes > 0


def test_esp_idf_is_not_tried_in_a_core_directory_with_a_space(
    generate_project: Generate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLATFORMIO_CORE_DIR", str(tmp_path / "a core"))
    board = load_board("esp32")
    firmware = generate_project(board, "platformio", tmp_path / "project")
    with pytest.raises(ToolError, match="has a space in its path"):
        build.build(firmware, board, tmp_path / "image")


def test_too_much_static_data_for_the_esp32_is_the_model_s_error() -> None:
    from tinyflow.build.overflow import overflow_error

    board = load_board("esp32")
    output = (
        "ld: digits section `.dram0.bss' will not fit in region `dram0_0_seg'\n"
        "ld: region `dram0_0_seg' overflowed by 4096 bytes\n"
    )
    error = overflow_error(output, "digits", board)
    assert error is not None
    assert f"has {board.memory.ram_bytes:,} B: 4,096 B too much" in str(error)
    larger = board.memory.flash_bytes + 1
    told = (
        f"Error: The program size ({larger} bytes) is greater than "
        f"maximum allowed ({board.memory.flash_bytes} bytes)\n"
    )
    error = overflow_error(told, "digits", board)
    assert error is not None
    assert f"needs {larger:,} B of flash" in str(error)
