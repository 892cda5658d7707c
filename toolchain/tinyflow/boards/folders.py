"""Finds board profiles: tinyflow's own, and those beside a project, which come first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tinyflow import paths, schema
from tinyflow.boards.profile import SECTIONS, BoardProfile
from tinyflow.errors import ProjectError, near_miss


def board_folders(project: Path | None = None) -> list[Path]:
    """Where profiles are looked for: the project's own boards first."""
    own = [project / "boards"] if project is not None else []
    return [*own, paths.data_folder("boards")]


def board_names(folders: Sequence[Path] | None = None) -> list[str]:
    """All boards there are, sorted."""
    places = board_folders() if folders is None else folders
    return sorted({file.stem for place in places for file in place.glob("*.toml")})


def board_file(name: str, project: Path | None = None) -> Path:
    """The file of board `name`. Raises ProjectError when there is none."""
    folders = board_folders(project)
    for folder in folders:
        file = folder / f"{name}.toml"
        if name == file.stem and file.is_file():
            return file
    known = board_names(folders)
    close = near_miss(name, known)
    raise ProjectError(
        f"board {name} is unknown" + (f", did you mean {close}?" if close else ""),
        [f"known: {', '.join(known)}"],
        ["tinyflow boards"],
    )


def load_board(name: str, project: Path | None = None) -> BoardProfile:
    """The profile of board `name`. Raises ProjectError when there is none or it is broken."""
    return read_board(board_file(name, project))


def read_board(file: Path) -> BoardProfile:
    """The profile in `file`. Raises ProjectError when it is broken, naming every finding."""
    profile = schema.check(BoardProfile, schema.read_toml(file), file)
    if profile.name != file.stem:
        raise ProjectError(f"{file} names board {profile.name}, its file name says {file.stem}")
    lacking = [
        f"{SECTIONS[name]}: missing, {kind} {name} needs it"
        for kind, names in (("builder", profile.builders), ("runner", profile.runners))
        for name in names
        if name in SECTIONS and getattr(profile, SECTIONS[name]) is None
    ]
    if lacking:
        count = f"{len(lacking)} keys" if len(lacking) > 1 else "a key"
        raise ProjectError(f"{file} has {count} to fix", lacking)
    return profile
