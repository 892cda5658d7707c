"""Fixtures for the builders' tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tinyflow import compiler, generate
from tinyflow.artifacts import CompiledModel, FirmwareProject
from tinyflow.boards import BoardProfile

DIGITS = Path(__file__).parents[1] / "models" / "digits.tflite"

Generate = Callable[[BoardProfile, str, Path], FirmwareProject]


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that nobody listens on, and no index for pip: no network, on any machine."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> CompiledModel:
    """The small model of the tests, as C."""
    return compiler.compile_model(DIGITS, folder=tmp_path_factory.mktemp("digits"))


@pytest.fixture(scope="session")
def generate_project(digits: CompiledModel) -> Generate:
    """Writes the firmware project of that model for a board and builder into a folder."""

    def write(board: BoardProfile, builder: str, folder: Path) -> FirmwareProject:
        return generate.write_project(folder, digits, board, builder)

    return write
