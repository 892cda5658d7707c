"""Generated firmware projects: the layout, the same bytes, the build id."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tinyflow import compiler, generate, paths
from tinyflow.artifacts import CompiledModel
from tinyflow.boards import board_names, load_board
from tinyflow.errors import ProjectError

MODELS = Path(__file__).parents[1] / "models"
PAIRS = [(name, builder) for name in board_names() for builder in load_board(name).builders]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> CompiledModel:
    folder = tmp_path_factory.mktemp("model") / "digits"
    return compiler.compile_model(MODELS / "digits.tflite", folder=folder)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


@pytest.mark.parametrize(("name", "builder"), PAIRS)
def test_the_layout_is_the_same_for_all_builders(
    name: str, builder: str, model: CompiledModel, tmp_path: Path
) -> None:
    board = load_board(name)
    project = generate.write_project(tmp_path, model, board, builder)
    files = contents(tmp_path)
    assert {
        "README.md",
        "include/tnf_board.h",
        "lib/digits/include/digits.h",
        "lib/digits/include/tnf_kernels.h",
        "lib/digits/include/tnf_model.h",
        "lib/digits/src/digits.c",
        "lib/digits/src/digits_weights.c",
        "lib/tnf_runtime/include/tnf_port.h",
        "lib/tnf_runtime/include/tnf_session.h",
        "lib/tnf_runtime/src/tnf_session.c",
        "src/application.c",
    } <= set(files)
    seen = board.for_builder(builder)
    layers = [paths.data_folder("firmware") / "ports" / layer for layer in seen.port_layers]
    ported = {f"src/{file.name}" for layer in layers for file in layer.glob("*.[chS]*")}
    assert ported <= set(files)
    scripted = seen.toolchain is not None and bool(seen.toolchain.linker_script)
    assert ("linker.ld" in files) == scripted
    assert ("CMakeLists.txt" in files and "toolchain.cmake" in files) or builder != "cmake"
    assert ("platformio.ini" in files) == (builder != "cmake")
    assert ("src/main.c" in files) == (not seen.sdk)
    # No file is there twice under two names, none is a template's rest.
    names = [file.rpartition("/")[2] for file in files if file.startswith("lib/")]
    assert len(names) == len(set(names)) or builder != "cmake"
    assert not any(b"{{" in text or b"{%" in text for text in files.values())
    assert not any(file.endswith(".j2") or "__" in file for file in files)
    assert (project.board, project.builder, project.model_name) == (name, builder, "digits")
    assert project.model_sha256 == model.model_sha256


def test_builders_get_the_same_inference_code(model: CompiledModel, tmp_path: Path) -> None:
    board = load_board("qemu-m4")
    for builder in board.builders:
        generate.write_project(tmp_path / builder, model, board, builder)
    ours, theirs = (
        {
            file: text
            for file, text in contents(tmp_path / builder).items()
            if file.startswith(("lib/", "src/", "linker")) and not file.endswith(".json")
        }
        for builder in ("cmake", "platformio")
    )
    assert ours == theirs


def test_the_same_inputs_give_the_same_bytes(model: CompiledModel, tmp_path: Path) -> None:
    board = load_board("qemu-riscv32")
    one = generate.write_project(tmp_path / "one", model, board, "cmake")
    two = generate.write_project(tmp_path / "another place", model, board, "cmake")
    assert contents(one.path) == contents(two.path)
    assert one.build_id == two.build_id
    assert str(tmp_path).encode() not in b"".join(contents(one.path).values())


def test_the_build_id_is_told_and_follows_every_change(
    model: CompiledModel, tmp_path: Path
) -> None:
    board = load_board("qemu-m4")
    seen = {}
    memory = replace(board.memory, stack_bytes=4096)
    cases = {
        "plain": (board, 1000),
        "heartbeat": (board, 500),
        "stack": (replace(board, memory=memory), 1000),
    }
    for case, (changed, heartbeat) in cases.items():
        project = generate.write_project(
            tmp_path / case, model, changed, "cmake", heartbeat_ms=heartbeat
        )
        header = (project.path / "include/tnf_board.h").read_text(encoding="utf-8")
        assert re.search(r'#define TNF_BUILD_ID "([0-9a-f]{16})"', header)[1] == project.build_id  # type: ignore[index]
        seen[case] = project.build_id
    assert len(set(seen.values())) == len(cases)


def test_a_projects_own_template_comes_first(model: CompiledModel, tmp_path: Path) -> None:
    own = tmp_path / "templates"
    (own / "firmware").mkdir(parents=True)
    (own / "firmware/application.c.j2").write_text(
        "/* my {{ name }} {{ upper }} */\n", encoding="utf-8"
    )
    project = generate.write_project(
        tmp_path / "project", model, load_board("native"), "cmake", templates=[own]
    )
    assert (project.path / "src/application.c").read_text(
        encoding="utf-8"
    ) == "/* my digits DIGITS */\n"


def test_a_projects_own_port_layer_comes_first(model: CompiledModel, tmp_path: Path) -> None:
    own = tmp_path / "ports"
    (own / "mine").mkdir(parents=True)
    (own / "mine/pins.c").write_text("/* my pins */\n", encoding="utf-8")
    (own / "mine/notes.txt").write_text("not for the compiler\n", encoding="utf-8")
    (own / "native").mkdir()
    (own / "native/port.c").write_text("/* my port */\n", encoding="utf-8")
    board = replace(load_board("native"), port_layers=("native", "mine"))
    project = generate.write_project(tmp_path / "project", model, board, "cmake", ports=[own])
    assert (project.path / "src/port.c").read_text(encoding="utf-8") == "/* my port */\n"
    assert (project.path / "src/pins.c").is_file()
    assert not (project.path / "src/notes.txt").exists()
    assert "src/pins.c" in (project.path / "CMakeLists.txt").read_text(encoding="utf-8")


def test_a_port_layer_that_is_not_there_is_told(model: CompiledModel, tmp_path: Path) -> None:
    board = replace(load_board("native"), port_layers=("nowhere",))
    with pytest.raises(ProjectError, match="port layer nowhere, which is not there"):
        generate.write_project(tmp_path, model, board, "cmake")
