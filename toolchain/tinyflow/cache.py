"""Keeps each stage's output under `.tinyflow/<stage>/<hash of its inputs>/`.

A stage writes into a partial folder that is renamed when it is complete, so an interrupted stage
leaves nothing that could be mistaken for its output, and the next run starts there again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tinyflow import __version__, paths, process, progress

T = TypeVar("T")

RECORD = "artifact.json"


class _Encoder(json.JSONEncoder):
    def __init__(self, folder: Path | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._folder = folder

    def default(self, o: Any) -> Any:
        if dataclasses.is_dataclass(o) and not isinstance(o, type):
            return {f.name: getattr(o, f.name) for f in dataclasses.fields(o)}
        if isinstance(o, Path):
            if self._folder is not None and o.is_relative_to(self._folder):
                return o.relative_to(self._folder).as_posix()
            return str(o)
        return super().default(o)


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file, as hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def key(inputs: Mapping[str, Any]) -> str:
    """A short hash of a stage's inputs: dataclasses, paths, numbers and text."""
    text = json.dumps(inputs, cls=_Encoder, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def code_sha256(names: Sequence[str]) -> str:
    """The hash of parts of tinyflow itself, so that changed code means a changed key.

    A name is a file or folder below the package, or below `data_folder` when it starts with
    `boards`, `templates` or `firmware`.
    """
    digest = hashlib.sha256(__version__.encode())
    for name in names:
        top, _, rest = name.partition("/")
        place = (
            paths.data_folder(top) / rest
            if top in ("boards", "templates", "firmware")
            else paths.PACKAGE / name
        )
        digest.update(folder_sha256([place]).encode())
    return digest.hexdigest()


def folder_sha256(places: Sequence[Path]) -> str:
    """The hash of files and of folders with all that is in them, by name and content."""
    digest = hashlib.sha256()
    for place in places:
        files = sorted(place.rglob("*")) if place.is_dir() else [place]
        for file in files:
            if not file.is_dir() and "__pycache__" not in file.parts:
                name = file.relative_to(place.parent).as_posix()
                digest.update(name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


class Cache:
    """The kept outputs of a project's stages, in `folder` (its `.tinyflow`)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(
        self,
        stage: str,
        kind: type[T],
        inputs: Mapping[str, Any],
        make: Callable[[Path], T],
    ) -> T:
        """The artefact of `stage` for `inputs`: the kept one, else what `make(folder)` returns.

        `make` writes its files into the folder it is given and returns an artefact whose paths
        lie in it. Paths are kept relative, so a project can be moved.
        """
        home = self.folder / stage / key(inputs)
        kept = self._load(kind, home)
        if kept is not None:
            progress.report(stage, "from cache")
            return kept
        progress.report(stage, "working")
        partial = home.with_name(f".partial-{home.name}-{os.getpid()}")
        self._sweep(home.parent)
        partial.mkdir(parents=True)
        try:
            artifact = make(partial)
            text = json.dumps(artifact, cls=_Encoder, folder=partial, indent=1)
            (partial / RECORD).write_text(text + "\n", encoding="utf-8")
            # Another process may have been quicker, and may be using what it made.
            if self._load(kind, home) is None:
                shutil.rmtree(home, ignore_errors=True)
                partial.rename(home)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return load(kind, home)

    def _load(self, kind: type[T], home: Path) -> T | None:
        """The kept artefact, or None when there is none, or an older tinyflow wrote it."""
        try:
            return load(kind, home)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _sweep(self, parent: Path) -> None:
        """Remove partial folders whose process is gone: a killed run's rest."""
        for rest in parent.glob(".partial-*"):
            owner = rest.name.rpartition("-")[2]
            if owner.isdigit() and not process.is_running(int(owner)):
                shutil.rmtree(rest, ignore_errors=True)


def load(kind: type[T], home: Path) -> T:
    """The artefact kept in `home`. Raises OSError or ValueError when there is none."""
    from pydantic import TypeAdapter

    artifact = TypeAdapter(kind).validate_json((home / RECORD).read_bytes())
    placed: T = absolute(artifact, home)
    return placed


def absolute(value: Any, folder: Path) -> Any:
    """`value` with every relative path in it taken as below `folder`."""
    if isinstance(value, Path):
        return folder / value
    if isinstance(value, tuple):
        return tuple(absolute(item, folder) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        return dataclasses.replace(value, **{n: absolute(v, folder) for n, v in fields.items()})
    return value
