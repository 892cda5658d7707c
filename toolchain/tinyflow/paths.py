"""Where tinyflow's own files are, in a wheel and in a checkout, and where it keeps a user's."""

from __future__ import annotations

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
PROJECT_FILE = "tinyflow.toml"
WORK_FOLDER = ".tinyflow"


def data_folder(name: str) -> Path:
    """The folder `boards`, `templates`, `firmware` or `examples` that came with tinyflow.

    A wheel carries them as `tinyflow/data/<name>`; in a checkout they stand at the top level.
    """
    packed = PACKAGE / "data" / name
    return packed if packed.is_dir() else PACKAGE.parents[1] / name


def licence() -> Path:
    """The text of the licence that tinyflow, and what it writes, is under."""
    packed = PACKAGE / "data" / "LICENSE"
    return packed if packed.is_file() else PACKAGE.parents[1] / "LICENSE"


def find_project(start: Path) -> Path | None:
    """The nearest folder at or above `start` that holds a tinyflow.toml."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / PROJECT_FILE).is_file():
            return folder
    return None


def user_cache() -> Path:
    """The folder for what is downloaded or built once per user, not per project."""
    override = os.environ.get("TINYFLOW_CACHE_DIR")
    if override:
        return Path(override)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "tinyflow"
