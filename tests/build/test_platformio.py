"""Real `pio run`s on tinyflow's own platform: CMake's image, errors that say what is wrong."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tinyflow import build, device, flash
from tinyflow.artifacts import CompiledModel, FirmwareImage, FirmwareProject
from tinyflow.boards import BoardProfile, load_board
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
