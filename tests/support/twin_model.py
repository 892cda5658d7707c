"""Models with kernels of any backend on this machine, under a sanitizer."""

from __future__ import annotations

from pathlib import Path

from tinyflow.artifacts import CompiledModel
from tinyflow.compiler.host import HostModel, compile_library

FLAGS = ("-std=c99", "-O1", "-fPIC", "-shared", "-fsanitize=undefined", "-fno-sanitize-recover")


def twin_model(compiled: CompiledModel, library: Path) -> HostModel:
    """The model on this machine, C twins in place of assembly; `library` is written."""
    compile_library(compiled, library, FLAGS)
    return HostModel(compiled, library)
