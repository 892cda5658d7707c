"""What the steps read and write of their tensors, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tinyflow.compiler.graph import Graph
from tinyflow.compiler.steps import Step
from tinyflow.compiler.streaming.stage import stage_of

if TYPE_CHECKING:
    from tinyflow.compiler.memory.liveness import Key


def row_traffic(graph: Graph, steps: Sequence[Step]) -> dict[tuple[int, Key], int]:
    """Bytes by step position and tensor or ring, of steps that go by rows.

    Every row of the output reads the input rows under its window anew. What is read again within a
    row is not counted: it comes from registers or a cache. A ring is also written, once. What
    copies of inputs would spare is not counted either: the plan decides whether there are any.
    """
    found: dict[tuple[int, Key], int] = {}
    for position, step in enumerate(steps):
        if step.stream is not None:
            stages = step.stream.stages
        else:
            stage = stage_of(graph, step)
            stages = () if stage is None else (stage,)
        rings = {stage.output: (position, i) for i, stage in enumerate(stages[:-1])}
        for stage in stages:
            for window in stage.windows:
                key: Key = rings.get(window.tensor, window.tensor)
                rows = sum(window.end(y) - window.first(y) for y in range(stage.height))
                found[position, key] = found.get((position, key), 0) + rows * window.row_bytes
            if stage.output in rings:
                ring = rings[stage.output]
                written = stage.height * stage.row_bytes
                found[position, ring] = found.get((position, ring), 0) + written
    return found
