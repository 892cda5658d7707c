"""What leaves tinyflow: the inference library, and the hand-off to an embedded engineer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tinyflow.artifacts import ExportedLibrary
from tinyflow.boards import load_board
from tinyflow.pipeline import Walk, folders

ANY_BOARD = "native"


def export(walk: Walk, formats: Sequence[str], folder: Path) -> ExportedLibrary:
    """Write the inference library of the walk's model into `folder`, which becomes it.

    Where the walk has no board the library is for any. Files of an earlier export there are
    replaced. Raises ProjectError when the folder has anything else in it, or cannot be written.
    """
    from tinyflow import export as stage

    if walk.board is None:
        walk = replace(walk, board=load_board(ANY_BOARD))
    compiled = walk.compiled()
    with folders.renewed(folder) as target:
        library = stage.write_library(target, compiled, formats, templates=walk.templates)
    return replace(library, path=folder)
