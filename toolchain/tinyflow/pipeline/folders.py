"""Folders that belong to the user: a new project, and copies of what the cache holds."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from tinyflow import cache, paths
from tinyflow.errors import ProjectError, near_miss


def copy_out(source: Path, target: Path, names: Sequence[str] = ()) -> Path:
    """Copy a kept folder (or only `names` in it) to where the user wants it; returns `target`.

    Files of the same name are replaced, others are left alone. Raises ProjectError when the
    target cannot be written.
    """
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name in names or _entries(source):
            place = source / name
            if place.is_dir():
                shutil.copytree(place, target / name, dirs_exist_ok=True)
            else:
                shutil.copyfile(place, target / name)
    except OSError as error:  # shutil.Error, which lists several, is one of these
        raise ProjectError(f"{target} cannot be written: {error.strerror or error}") from None
    return target


def _entries(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir() if entry.name != cache.RECORD)


def new_project(example: str, folder: Path) -> Path:
    """Write the example project into a new folder. Nothing that is there is touched."""
    examples = paths.data_folder("examples")
    known = sorted(path.parent.name for path in examples.glob(f"*/{paths.PROJECT_FILE}"))
    if example not in known:
        close = near_miss(example, known)
        raise ProjectError(
            f"example {example} is unknown" + (f", did you mean {close}?" if close else ""),
            [f"known: {', '.join(known)}"],
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ProjectError(
            f"{folder} is there already",
            hints=[f"cd {folder}", f"tinyflow init {example} another-folder"],
        )
    ignore = shutil.ignore_patterns("__pycache__", paths.WORK_FOLDER)
    shutil.copytree(examples / example, folder, dirs_exist_ok=True, ignore=ignore)
    return folder
