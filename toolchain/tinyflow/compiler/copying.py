"""Copies kernels beside generated code: for the board, and for the host where its assembly is not.

A kernel in assembly or with a core's own instructions has a C twin of the same name in the folder
`twin` beside it, with the same contract; a header there stands for the one of the same name.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from tinyflow import paths
from tinyflow.compiler.packing import Backend
from tinyflow.compiler.packing.backend import SUFFIXES

# Of each backend, and read by a header that the application may see.
BACKEND_HEADER = "tnf_backend.h"
INCLUDE = re.compile(r'^#include "(\w+\.h)"', re.M)


def copy_kernels(
    stems: Iterable[str], headers: Sequence[str], backend: Backend, include: Path, src: Path
) -> None:
    """Copy the kernels into `src`, and of all headers those that are included: those that an
    application sees into `include`.
    """
    own = backend.headers()
    known = {**own, **_public_headers()}
    files = [backend.source(stem) for stem in sorted(stems)]
    for file in files:
        shutil.copy(file, src)
    wanted = {"tnf_model.h", *headers}
    wanted |= {name for file in files for name in _included(file)}
    copied: set[str] = set()
    while wanted - copied:
        name = min(wanted - copied)
        file = known[name]
        shutil.copy(file, src if name in own and name != BACKEND_HEADER else include)
        copied.add(name)
        wanted |= _included(file)


def copy_for_host(src: Path, backend: Backend, folder: Path) -> tuple[Path, ...]:
    """Copy `src` into `folder`, twins in place of what this machine cannot compile.

    Returns the sources there; none, and there is no folder, where `src` has no twins.
    """
    origins = {
        file.name: file for file in (*backend.sources().values(), *backend.headers().values())
    }
    twins = {
        file: twin
        for file in sorted(src.iterdir())
        if file.name in origins and (twin := twin_of(origins[file.name], backend)) is not None
    }
    if not twins:
        return ()
    folder.mkdir(parents=True)
    there = {file.name for file in src.iterdir() if file not in twins}
    for name in there:
        shutil.copy(src / name, folder)
    wanted = {twin.name: twin for twin in twins.values()}
    while wanted:
        name, file = wanted.popitem()
        shutil.copy(file, folder)
        there.add(name)
        beside = {header.name: header for header in file.parent.glob("*.h")}
        known = {**backend.headers(), **beside}
        wanted |= {n: known[n] for n in _included(file) & known.keys() - there}
    return tuple(sorted(folder.glob("*.c")))


def twin_of(file: Path, backend: Backend) -> Path | None:
    """What stands for a kernel's source or header on the host; None where that is it itself.

    Assembly that has none beside it has that of a later folder, where it is written for another
    core.
    """
    name = f"{file.stem}.c" if file.suffix in SUFFIXES else file.name
    folders = [file.parent, *(backend.kernel_folders if file.suffix == ".S" else ())]
    return next((twin for f in folders if (twin := f / "twin" / name).is_file()), None)


def _public_headers() -> dict[str, Path]:
    firmware = paths.data_folder("firmware")
    folders = (firmware / "include", firmware / "kernels" / "include")
    return {file.name: file for folder in folders for file in folder.glob("*.h")}


def _included(file: Path) -> set[str]:
    return set(INCLUDE.findall(file.read_text(encoding="utf-8")))
