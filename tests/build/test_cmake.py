"""The builder `cmake`: images that are exact, reproducible, and errors that say what to do."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tinyflow import build, compiler, generate, process
from tinyflow.artifacts import CompiledModel, FirmwareProject
from tinyflow.boards import BoardProfile, Memory, load_board
from tinyflow.errors import ModelError, ProjectError, ToolError

MODELS = Path(__file__).parents[1] / "models"
BOARDS = ["native", "qemu-m4", "qemu-m3", "qemu-riscv32", "arduino-mega"]
Write = Callable[[BoardProfile], FirmwareProject]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> CompiledModel:
    folder = tmp_path_factory.mktemp("model") / "digits"
    return compiler.compile_model(MODELS / "digits.tflite", folder=folder)


@pytest.fixture
def write(model: CompiledModel, tmp_path: Path) -> Write:
    return lambda board: generate.write_project(tmp_path / "project", model, board, "cmake")


def section_bytes(program: str, elf: Path) -> dict[str, int]:
    """Sizes by section, as the compiler's own tool sees them."""
    listed = subprocess.run([program, "-A", "-d", elf], capture_output=True, text=True, check=True)
    return {name: int(size) for name, size in re.findall(r"^(\.\S+)\s+(\d+)", listed.stdout, re.M)}


def listing(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


@pytest.mark.parametrize("name", BOARDS)
def test_sizes_are_those_of_the_image_and_bytes_the_same_anywhere(
    name: str, model: CompiledModel, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = load_board(name)
    project = write(board)
    before = listing(project.path)
    image = build.build(project, board, tmp_path / "image")
    assert listing(project.path) == before
    assert (image.board, image.builder, image.build_id) == (name, "cmake", project.build_id)
    assert image.model_sha256 == model.model_sha256

    assert board.toolchain is not None
    sections = section_bytes(f"{board.toolchain.prefix}size", image.elf)
    ram = sections[".data"] + sections[".bss"]
    if name == "native":
        assert image.images[0].path == image.elf
        assert image.ram_bytes >= ram
        assert image.flash_bytes >= sections[".text"] + sections[".rodata"] + sections[".data"]
    else:
        flashed = image.images[0]
        assert image.flash_bytes == flashed.path.stat().st_size
        assert image.ram_bytes - (ram + sections[".stack"]) in range(16)  # alignment
        assert flashed.offset == board.memory.flash_origin
    assert image.library_ram_bytes == model.arena_bytes
    assert image.library_flash_bytes >= image.library_code_bytes + model.weights_bytes
    assert image.library_flash_bytes < image.flash_bytes

    # From another folder, with a space, and with a user's own flags in the environment.
    monkeypatch.setenv("CFLAGS", "-O0")
    monkeypatch.setenv("LDFLAGS", "-nonsense")
    moved = replace(project, path=Path(shutil.move(project.path, tmp_path / "moved here")))
    again = build.build(moved, board, tmp_path / "another image")
    assert again.sha256 == image.sha256
    assert again.images[0].path.read_bytes() == image.images[0].path.read_bytes()
    assert replace(again, elf=image.elf, images=image.images) == image


def test_the_project_builds_by_itself_as_its_readme_says(write: Write) -> None:
    project = write(load_board("qemu-m4"))
    readme = (project.path / "README.md").read_text(encoding="utf-8")
    command = re.search(r"^    (cmake .*)$", readme, re.M)
    assert command is not None
    path = f"{process.scripts_folder()}:{process.environment()['PATH']}"
    done = subprocess.run(
        command[1],
        shell=True,
        cwd=project.path,
        env=process.environment({"PATH": path}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (project.path / "build/firmware.bin").stat().st_size > 0


def test_a_missing_compiler_is_told_with_the_way_to_get_it(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = load_board("qemu-m4")
    project = write(board)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError) as told:
        build.build(project, board, tmp_path / "image")
    assert told.value.what == "arm-none-eabi-gcc is not installed, or not on PATH"
    assert "tinyflow doctor --board qemu-m4 --install" in told.value.hints


def test_an_image_too_large_is_a_model_error_with_both_figures(
    write: Write, tmp_path: Path
) -> None:
    board = load_board("qemu-m4")
    memory = Memory(0, 8192, 0x20000000, 10240, stack_bytes=8192)
    small = replace(board, memory=memory)
    with pytest.raises(ModelError) as told:
        build.build(write(small), small, tmp_path / "image")
    assert told.value.what == "model digits does not fit board qemu-m4"
    flash, ram = told.value.detail
    figures = r"the image needs ([\d,]+) B of (\w+), board qemu-m4 has ([\d,]+) B: ([\d,]+) B too"
    for line, kind, limit in ((flash, "flash", 8192), (ram, "RAM", 10240)):
        match = re.match(figures, line)
        assert match is not None
        assert match[2] == kind
        needed, found, over = (int(match[i].replace(",", "")) for i in (1, 3, 4))
        assert (found, over) == (limit, needed - limit)
        assert over > 0
    assert not (tmp_path / "image/cmake").exists()


def test_constants_beyond_what_an_avr_can_reach_are_a_model_error(
    write: Write, tmp_path: Path
) -> None:
    board = load_board("arduino-mega")
    project = write(board)
    more = (
        '#include "tnf_flash.h"\n'
        "const TNF_FLASH char more[30000] = {1};\n"
        "const TNF_FLASH char most[30000] = {1};\n"
        "static volatile int index;\n"
        "static volatile char read;\n"
        "int main(void)\n{\n    read = more[index] + most[index];\n"
    )
    main = project.path / "src/main.c"
    main.write_text(main.read_text().replace("int main(void)\n{\n", more))
    with pytest.raises(ModelError) as told:
        build.build(project, board, tmp_path / "image")
    (detail,) = told.value.detail
    assert re.fullmatch(
        r"the image needs 6\d,\d\d\d B of flash for constants, "
        r"board arduino-mega has 65,536 B: [\d,]+ B too much",
        detail,
    )
    main.write_text(main.read_text().replace("30000", "40000"))
    with pytest.raises(ModelError) as told:
        build.build(project, board, tmp_path / "image")
    assert told.value.detail == tuple(
        f"its array {name} is larger than the 32,767 B that this processor's compiler allows"
        for name in ("more", "most")
    )


def test_code_that_does_not_compile_shows_the_compilers_words_and_the_log(
    write: Write, tmp_path: Path
) -> None:
    board = load_board("native")
    project = write(board)
    (project.path / "src/main.c").write_text("int main(void) { return nonsense; }\n")
    with pytest.raises(ToolError) as told:
        build.build(project, board, tmp_path / "image")
    text = str(told.value)
    assert told.value.what == "the build for board native ended with exit status 1"
    assert "nonsense" in text
    log = tmp_path / "image/build.log"
    assert f"log: {log}" in text
    assert "nonsense" in log.read_text(encoding="utf-8")


def test_warnings_in_generated_code_are_errors(write: Write, tmp_path: Path) -> None:
    board = load_board("native")
    project = write(board)
    main = project.path / "src/main.c"
    main.write_text(main.read_text(encoding="utf-8") + "static int unused;\n", encoding="utf-8")
    with pytest.raises(ToolError, match="ended with exit status"):
        build.build(project, board, tmp_path / "image")


def test_unknown_builders_and_boards_without_a_toolchain_are_told(
    write: Write, tmp_path: Path
) -> None:
    board = load_board("native")
    project = write(board)
    with pytest.raises(ProjectError, match="builder cmaek is unknown, did you mean cmake"):
        build.build(replace(project, builder="cmaek"), board, tmp_path)
    with pytest.raises(ProjectError, match=r"has no \[toolchain\]"):
        build.build(project, replace(board, toolchain=None), tmp_path)
