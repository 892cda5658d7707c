"""Writes a profile for a user's own board, beside their project, from one that is there."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tinyflow.boards.folders import board_file, read_board
from tinyflow.errors import ProjectError

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


def new_board(project: Path, name: str, base: str, title: str = "") -> Path:
    """Write `boards/<name>.toml` in the folder `project`: board `base` with another name.

    All else, comments included, is the base's, for the user to change. Raises ProjectError when
    the name cannot be one, when there is such a file, or when there is no board `base`.
    """
    if not NAME.fullmatch(name):
        raise ProjectError(
            f"{name!r} cannot be the name of a board",
            ["1 to 32 of a-z, 0-9, - and _, the first a letter or a digit"],
        )
    source = board_file(base, project)
    read_board(source)
    file = project / "boards" / f"{name}.toml"
    if file.exists():
        raise ProjectError(f"{file} is there already", (), [f"tinyflow boards show {name}"])
    text = source.read_text(encoding="utf-8")
    text = _replaced(text, "name", name)
    text = _replaced(text, "title", title or f"{name}, made from {base}")
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"# Made from board {base}, whose words follow.\n{text}", encoding="utf-8")
    read_board(file)
    return file


def _replaced(text: str, key: str, value: str) -> str:
    """The profile with the first line that sets `key`, which is at its top, set to `value`."""
    line = f"{key} = {json.dumps(value, ensure_ascii=False)}"
    return re.sub(rf"^{key}\s*=.*$", lambda _: line, text, count=1, flags=re.MULTILINE)
