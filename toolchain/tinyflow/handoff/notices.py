"""Licence notices: tinyflow's own, and those of the compiler's libraries that are in the image."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinyflow import __version__, paths, render
from tinyflow.artifacts import CompiledModel
from tinyflow.handoff.toolchain import LinkedLibrary

FOLDER = "licences"


@dataclass(frozen=True)
class NoticeContext:
    """Context of templates/handoff/NOTICE.j2. `libraries` are pairs: one, and its text's file."""

    title: str
    tool_version: str
    model: CompiledModel
    libraries: tuple[tuple[LinkedLibrary, str], ...]
    sdk: str


def write(
    folder: Path,
    title: str,
    compiled: CompiledModel,
    libraries: Sequence[LinkedLibrary],
    sdk: str = "",
    templates: Sequence[Path] = (),
) -> None:
    """Write NOTICE, LICENSE and the texts of the libraries' licences, as far as they are known."""
    shutil.copyfile(paths.licence(), folder / "LICENSE")
    pairs = []
    for library in libraries:
        file = f"{FOLDER}/{library.package}.txt" if library.text else ""
        if file:
            (folder / FOLDER).mkdir(exist_ok=True)
            (folder / file).write_bytes(library.text.encode())
        pairs.append((library, file))
    context = NoticeContext(title, __version__, compiled, tuple(pairs), sdk)
    text = render.render("handoff/NOTICE.j2", context, templates)
    (folder / "NOTICE").write_bytes(text.encode())
