"""A hand-off of the small model for an emulated board, and the facts of an invented one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tinyflow import compiler
from tinyflow.artifacts import (
    BoardRun,
    CompiledModel,
    Dataset,
    Evaluation,
    FirmwareImage,
    FlashFile,
    KerasModel,
    Split,
)
from tinyflow.boards import BoardProfile, Esptool, Memory, Qemu, Toolchain, load_board
from tinyflow.config import DatasetConfig, ProjectConfig, PruningConfig
from tinyflow.handoff import Training
from tinyflow.pipeline import handoff as pipeline

DIGITS = Path(__file__).parents[1] / "models" / "digits.tflite"


HandOff = Callable[[Path, Path, str], pipeline.Written]


@pytest.fixture(scope="session")
def hand_off() -> HandOff:
    """Writes the hand-off of the small model from a folder that has no project."""

    def write(home: Path, target: Path, board: str) -> pipeline.Written:
        return pipeline.handoff(pipeline.begin(board=board, model=DIGITS, folder=home), target)

    return write


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `written` was written from, with what is kept in its cache."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def written(
    hand_off: HandOff, home: Path, tmp_path_factory: pytest.TempPathFactory
) -> pipeline.Written:
    """The hand-off for qemu-m4. Tests read it, and change copies."""
    return hand_off(home, tmp_path_factory.mktemp("out") / "digits-qemu-m4", "qemu-m4")


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> CompiledModel:
    return compiler.compile_model(DIGITS, folder=tmp_path_factory.mktemp("digits"))


@dataclass(frozen=True)
class Invented:
    """Facts with figures that no compiler, profile or training changes."""

    board: BoardProfile
    image: FirmwareImage
    training: Training
    measured: BoardRun


@pytest.fixture(scope="session")
def invented(digits: CompiledModel, tmp_path_factory: pytest.TempPathFactory) -> Invented:
    folder = tmp_path_factory.mktemp("image")
    for name in ("boot.bin", "app.bin", "firmware.elf"):
        (folder / name).write_bytes(name.encode() * 100)
    image = FirmwareImage(
        board="mine",
        builder="cmake",
        elf=folder / "firmware.elf",
        images=(FlashFile(folder / "app.bin", 0x10000), FlashFile(folder / "boot.bin", 0x1000)),
        sha256="1" * 64,
        flash_bytes=20_000,
        ram_bytes=13_000,
        library_code_bytes=3_000,
        library_flash_bytes=9_700,
        library_ram_bytes=2_560,
        model_sha256=digits.model_sha256,
        build_id="0123456789abcdef",
    )
    keras = KerasModel(
        Path("model.keras"), "2" * 64, 14_810, 0.0, 0.98, notes=("trained on one core",)
    )
    pruned = KerasModel(Path("pruned.keras"), "3" * 64, 6_582, 0.0, 0.97)
    dataset = Dataset(
        "digits",
        Path("digits.npz"),
        "4" * 64,
        (8, 8, 1),
        ("zero", "one"),
        (
            Split("train", 80, "5" * 64),
            Split("validation", 10, "6" * 64),
            Split("test", 10, "7" * 64),
        ),
    )

    def judged(where: str) -> Evaluation:
        return Evaluation(where, "test", 10, 0.9, ((5, 0), (1, 4)), "8" * 64)

    config = ProjectConfig(
        "digits", DatasetConfig("digits"), pruning=PruningConfig("channels", 0.4)
    )
    training = Training(
        config, 1, dataset, keras, pruned, tuple(judged(name) for name in ("float", "int8", "host"))
    )
    measured = BoardRun(judged("device"), "cycles", 2_400_000, 10_000.0, 0)
    board = replace(
        load_board("esp32"),
        name="mine",
        title="A board of mine",
        runners=("esptool", "qemu"),
        memory=Memory(0x10000, 1 << 20, 0x3FFB0000, 1 << 17, 8192),
        toolchain=Toolchain("xtensa-", linker_script="mine.ld.j2"),
        esptool=Esptool("esp32"),
        qemu=Qemu("qemu-system-xtensa", ("-machine", "my machine")),
    )
    return Invented(board, image, training, measured)
