"""`tinyflow boards` and its commands, as a person and as a program sees them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tinyflow import cli
from tinyflow.boards import board_names, load_board


@pytest.mark.parametrize("name", board_names())
def test_a_board_is_shown_with_every_way_to_build_and_run_it(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    board = load_board(name)
    assert cli.main(["boards", "show", name]) == 0
    text = capsys.readouterr().out
    assert board.title in text
    for word in (*board.builders, *board.runners):
        assert f"\n{word} " in text
    assert cli.main(["boards", "show", name, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [item["builder"] for item in shown["builders"]] == list(board.builders)
    assert [item["runner"] for item in shown["runners"]] == list(board.runners)
    assert shown["profile"]["memory"]["ram_bytes"] == board.memory.ram_bytes


def test_ones_own_board_is_written_listed_and_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["init", "digits", "here"]) == 0
    monkeypatch.chdir(tmp_path / "here")
    arguments = ["boards", "new", "bench-board", "--from", "qemu-m3", "--title", "my desk's"]
    assert cli.main(arguments) == 0
    assert "tinyflow boards show bench-board" in capsys.readouterr().out
    assert cli.main(["boards"]) == 0
    assert "my desk's" in capsys.readouterr().out
    assert cli.main(["boards", "show", "bench-board"]) == 0
    assert str(tmp_path / "here/boards/bench-board.toml") in capsys.readouterr().out
    assert cli.main(arguments) == 2
    assert "is there already" in capsys.readouterr().err


def test_a_board_of_ones_own_needs_a_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["boards", "new", "mine", "--from", "esp32"]) == 2
    assert "tinyflow init" in capsys.readouterr().err
