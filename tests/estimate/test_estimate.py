"""What `check` tells before a build is what the linker says after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinyflow import boards, build, compiler, estimate, generate
from tinyflow.build import map_file
from tinyflow.compiler.packing import load_backend

HERE = Path(__file__).parents[1]
DIGITS = HERE / "models" / "digits.tflite"
SHARED = HERE.parent.parent / "shared" / "models" / "mlperf_tiny"
MODELS = sorted((*(HERE / "models" / "layers").glob("*.tflite"), *SHARED.glob("*.tflite")))
CODE_SHARE = 0.05
IMAGE_SHARE = 0.05
RAM_SHARE = 0.02
PER_BOARD = 2


def measured_boards() -> list[str]:
    return sorted(estimate.read_sizes().boards)


def pairs() -> list[tuple[str, Path]]:
    """Every board with the example and two more models; every model on some board."""
    chosen = []
    for number, board in enumerate(measured_boards()):
        turn = [MODELS[(number * PER_BOARD + i) % len(MODELS)] for i in range(PER_BOARD)]
        chosen += [(board, model) for model in (DIGITS, *turn)]
    return chosen


@pytest.mark.parametrize(
    ("name", "model"), pairs(), ids=lambda value: value.stem if isinstance(value, Path) else value
)
def test_it_is_what_the_linker_says(tmp_path: Path, name: str, model: Path) -> None:
    board = boards.load_board(name).for_builder("cmake")
    budget = compiler.arena_budget(board)
    goal = compiler.Goal(kernel_bytes=estimate.kernel_bytes(name))
    found = compiler.Surveyor(model).survey(backend=board.backend, goal=goal, ram_budget=budget)
    told = estimate.estimate(found, name)
    assert told is not None
    memory = board.memory
    if told.flash_bytes > memory.flash_bytes or told.ram_bytes > memory.ram_bytes:
        pytest.skip(f"{model.stem} does not fit {name}")
    compiled = compiler.compile_model(
        model, folder=tmp_path / "c", backend=board.backend, goal=goal, ram_budget=budget
    )
    firmware = generate.write_project(tmp_path / "project", compiled, board, "cmake")
    image = build.build(firmware, board, tmp_path / "image")
    sections = map_file.read_map(image.elf.with_suffix(".map"))
    assert map_file.arena_bytes(sections) == told.arena_bytes == compiled.arena_bytes
    assert told.weights_bytes == compiled.weights_bytes
    assert found.macs == compiled.macs
    constants = image.library_flash_bytes - image.library_code_bytes - compiled.weights_bytes
    assert told.constants_bytes == constants
    assert told.code_bytes == pytest.approx(image.library_code_bytes, rel=CODE_SHARE)
    assert told.flash_bytes == pytest.approx(image.flash_bytes, rel=IMAGE_SHARE)
    assert told.ram_bytes == pytest.approx(image.ram_bytes, rel=RAM_SHARE)


def test_every_board_that_builds_without_an_sdk_is_measured() -> None:
    bare = {
        name
        for name in boards.board_names()
        if "cmake" in (board := boards.load_board(name)).builders
        and (toolchain := board.for_builder("cmake").toolchain) is not None
        and toolchain.prefix
    }
    assert set(measured_boards()) == bare


def test_every_kernel_is_measured() -> None:
    for name, target in estimate.read_sizes().targets.items():
        assert set(target.kernels) == load_backend(target.backend).sources().keys(), (
            f"{name}: renew them with python tests/support/size_table.py"
        )


def test_a_board_that_was_not_measured_has_no_estimate() -> None:
    found = compiler.Surveyor(DIGITS).survey()
    assert estimate.estimate(found, "esp32s3") is None
