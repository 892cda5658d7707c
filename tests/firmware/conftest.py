"""A small model, and its bare-metal image for any board."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import pytest

from tinyflow import build, compiler, generate
from tinyflow.artifacts import CompiledModel, FirmwareImage
from tinyflow.boards import load_board

MODELS = Path(__file__).parents[1] / "models"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> CompiledModel:
    folder = tmp_path_factory.mktemp("model") / "digits"
    return compiler.compile_model(MODELS / "digits.tflite", folder=folder)


@pytest.fixture(scope="module")
def images(
    model: CompiledModel, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], FirmwareImage]:
    """The image for a board, built when it is first asked for."""

    @functools.cache
    def image(name: str) -> FirmwareImage:
        board, folder = load_board(name), tmp_path_factory.mktemp(name)
        project = generate.write_project(folder / "project", model, board, "cmake")
        return build.build(project, board, folder / "image")

    return image
