"""A board of the user's own, made from one that is there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tinyflow.boards import board_names, load_board, new_board
from tinyflow.errors import ProjectError


@pytest.mark.parametrize("base", board_names())
def test_a_new_board_is_its_base_with_another_name(base: str, tmp_path: Path) -> None:
    file = new_board(tmp_path, "my-board", base, 'My "own" board \\ second')
    assert file == tmp_path / "boards" / "my-board.toml"
    made = load_board("my-board", tmp_path)
    assert made.title == 'My "own" board \\ second'
    assert replace(made, name=base, title=load_board(base).title) == load_board(base)


def test_a_new_board_can_be_made_from_ones_own(tmp_path: Path) -> None:
    new_board(tmp_path, "one", "qemu-m4")
    new_board(tmp_path, "two", "one")
    assert load_board("two", tmp_path).title == "two, made from one"


@pytest.mark.parametrize("name", ["", "../up", "Bär", "a b", "-x", "x" * 33, "x.toml"])
def test_a_name_that_cannot_be_one_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="cannot be the name of a board"):
        new_board(tmp_path, name, "qemu-m4")
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    file = new_board(tmp_path, "mine", "qemu-m4")
    before = file.read_bytes()
    with pytest.raises(ProjectError, match="is there already"):
        new_board(tmp_path, "mine", "qemu-m3")
    assert file.read_bytes() == before


def test_an_unknown_base_is_told_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="board esp33 is unknown, did you mean esp32"):
        new_board(tmp_path, "mine", "esp33")
    assert not list(tmp_path.iterdir())
