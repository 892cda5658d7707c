"""Which builder a board is built with, by what this machine has."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinyflow import progress
from tinyflow.boards import load_board
from tinyflow.build import platformio_packages
from tinyflow.pipeline import health


@pytest.mark.parametrize(
    ("name", "installed", "answers", "wanted"),
    [
        ("esp32", True, False, "platformio"),
        ("esp32", False, True, "platformio"),
        ("esp32", False, False, "cmake"),
        ("pico", False, False, "cmake"),
        (
            "esp32s3",
            False,
            False,
            "platformio",
        ),  # there is no other: its build says what is missing
        ("qemu-m4", False, False, "cmake"),
    ],
)
def test_a_board_is_built_with_its_first_builder_that_can_be_had(
    name: str, installed: bool, answers: bool, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def folder(platform: str) -> Path | None:
        return Path("/platform") if installed else None

    told: list[progress.Step] = []
    monkeypatch.setattr(platformio_packages, "platform_folder", folder)
    monkeypatch.setattr(platformio_packages, "registry_answers", lambda: answers)
    board = load_board(name)
    with progress.listening(told.append):
        assert health.choose_builder(board) == wanted
    said = [step.message for step in told if step.stage == "builder"]
    fallen_back = wanted != board.builder
    assert len(said) == fallen_back
    if fallen_back:
        assert said[0].startswith(f"{wanted}: no PlatformIO platform ")


def test_the_registry_is_asked_once_for_all_boards(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def answers() -> bool:
        asked.append(1)
        return False

    monkeypatch.setattr(platformio_packages, "platform_folder", lambda platform: None)
    monkeypatch.setattr(platformio_packages, "registry_answers", answers)
    health.examine(["esp32", "esp32c3", "nano33ble"], install=False)
    assert len(asked) == 1
