"""Folders that belong to the user: a new project, copies of the cache, exports and hand-offs."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tinyflow import cache, checksums, paths
from tinyflow.errors import ProjectError, near_miss

NOTICE = "NOTICE"


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


@contextlib.contextmanager
def renewed(target: Path) -> Iterator[Path]:
    """An empty folder to fill; what is in it becomes `target` when the block ends without an error.

    `target` may be new, empty, or what tinyflow wrote there before: then the files that its
    SHA256SUMS lists are taken away, and files of the user's own stay. Raises ProjectError when it
    holds anything else, or cannot be written.
    """
    old = _written_before(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".tinyflow-", dir=target.parent) as place:
            fresh = Path(place) / "new"
            fresh.mkdir()
            yield fresh
            new = checksums.listing(fresh)
            met = [name for name in new if name not in old and (target / name).exists()]
            if met:
                raise ProjectError(f"{target} has files in the way", sorted(met))
            _announce(fresh, target, (*old, *new))
            for name in old - set(new) - {checksums.NAME}:
                (target / name).unlink(missing_ok=True)
                _prune((target / name).parent, target)
            # The sums are the last: until then the folder is known by those that were announced.
            for name in sorted(new, key=lambda name: name == checksums.NAME):
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                (fresh / name).replace(target / name)
    except OSError as error:
        raise ProjectError(f"{target} cannot be written: {error.strerror or error}") from None


def _announce(fresh: Path, target: Path, names: Sequence[str]) -> None:
    """Say which files are tinyflow's, so that what an interruption leaves can be renewed."""
    target.mkdir(parents=True, exist_ok=True)
    if (fresh / NOTICE).is_file():
        shutil.copyfile(fresh / NOTICE, target / NOTICE)
    lines = [f"{'0' * 64}  {name}\n" for name in sorted({*names}) if name != checksums.NAME]
    (target / checksums.NAME).write_bytes("".join(lines).encode())


def require_own(target: Path) -> None:
    """Raise ProjectError unless `renewed` may write there, before anything is made for it."""
    _written_before(target)


def put(source: Path, target: Path) -> None:
    """Copy one file to where the user wants it, replacing one of that name."""
    try:
        shutil.copyfile(source, target)
    except OSError as error:
        raise ProjectError(f"{target} cannot be written: {error.strerror or error}") from None


def _written_before(target: Path) -> frozenset[str]:
    """The files that tinyflow wrote into `target`; empty where there are none at all."""
    try:
        if not any(target.iterdir()):
            return frozenset()
    except FileNotFoundError:
        return frozenset()
    except OSError as error:
        raise ProjectError(f"{target} cannot be written: {error.strerror}") from None
    if (target / checksums.NAME).is_file() and (target / NOTICE).is_file():
        sums = checksums.read(target)
        with (target / NOTICE).open("rb") as stream:
            if NOTICE in sums and b"written by tinyflow" in stream.readline(200):
                return frozenset({*sums, checksums.NAME})
    raise ProjectError(
        f"{target} is there already, and not written by this command",
        ["only an empty folder, or an earlier export or hand-off, is written over"],
    )


def _prune(folder: Path, top: Path) -> None:
    """Remove a folder that is empty, and those above it, up to `top`."""
    while folder != top:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent


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
