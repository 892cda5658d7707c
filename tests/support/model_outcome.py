"""What the compiler makes of a file's bytes, without printing C."""

from __future__ import annotations

from pathlib import Path

from tinyflow.compiler.fit import check_graph
from tinyflow.compiler.passes import fold_constants
from tinyflow.compiler.planning import Planned, Planner
from tinyflow.compiler.tflite_reader import read_tflite
from tinyflow.compiler.verify import verify_graph
from tinyflow.errors import ModelError

NAME = Path("model.tflite")
SECONDS = 5.0
MEMORY_BYTES = 1 << 30


def planned(content: bytes, *, least_ram: bool = False) -> Planned | None:
    """The file's program, or None where it was refused by a ModelError that says why.

    Any other exception is a bug in the compiler.
    """
    try:
        graph = verify_graph(read_tflite(content), "reading")
        graph, _ = fold_constants(graph)
        check_graph(verify_graph(graph, "folding constants"), NAME)
        return Planner(graph).plan("model", least_ram=least_ram)
    except ModelError as error:
        if not error.what or not error.detail:
            raise AssertionError("an error must tell what was found") from error
        return None
