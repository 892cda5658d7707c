"""Models with kernels of any backend on this machine: C twins in place of its assembly."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

from tinyflow.artifacts import CompiledModel
from tinyflow.compiler.host import HostModel, compile_library
from tinyflow.compiler.packing import load_backend

FLAGS = ("-std=c99", "-O1", "-fPIC", "-shared", "-fsanitize=undefined", "-fno-sanitize-recover")


def twin_model(compiled: CompiledModel, folder: Path) -> HostModel:
    """The model on this machine; `folder` is made and holds what is compiled."""
    src, include = folder / "src", folder / "include"
    shutil.copytree(compiled.path / "src", src)
    shutil.copytree(compiled.path / "include", include)
    for place in load_backend(compiled.backend).kernel_folders[::-1]:
        for twin in (place / "twin").glob("*.[ch]"):
            meant = [src / twin.name, (src / twin.name).with_suffix(".S")]
            if twin.suffix == ".h" or any(file.is_file() for file in meant):
                for file in meant:
                    file.unlink(missing_ok=True)
                shutil.copy(twin, src)
    own = dataclasses.replace(
        compiled, path=folder, sources=tuple(sorted(src.glob("*.c"))), headers=()
    )
    library = folder / "model.so"
    compile_library(own, library, FLAGS)
    return HostModel(own, library)
