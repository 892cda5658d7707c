"""Proves placed streams by going through them over the arena, row by row as the generated C does.

It knows where every ring lies and which rows a window reads, and nothing of how many rows a ring
was given or how far the output was let over an input.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from tinyflow.compiler.graph import Graph
from tinyflow.compiler.replay import VerificationError
from tinyflow.compiler.streaming.placing import PlacedStream
from tinyflow.compiler.streaming.schedule import Event, events
from tinyflow.compiler.streaming.stage import Stage


def verify_streams(graph: Graph, placed: Iterable[PlacedStream], arena_bytes: int) -> None:
    """Raise VerificationError where a row is read that is not there, or a layer is not complete."""
    for stream in placed:
        _Run(graph, stream, arena_bytes).run()


class _Run:
    """One stream over an arena of which every byte knows what it stands for."""

    def __init__(self, graph: Graph, placed: PlacedStream, arena_bytes: int) -> None:
        self._placed, self._stream = placed, placed.stream
        self._arena = np.full(arena_bytes, -1, dtype=np.int64)
        self._bases: dict[int, int] = {}
        base = 0
        stages = self._stream.stages
        for tensor in (*self._stream.inputs, *(stage.output for stage in stages)):
            self._bases[tensor] = base
            base += graph.tensors[tensor].size_bytes
        for tensor in self._stream.inputs:
            start, size = placed.offsets[tensor], graph.tensors[tensor].size_bytes
            self._require_inside(start, size)
            self._arena[start : start + size] = self._values(tensor, 0, size)
        self._rings = {
            stage.output: (placed.offsets[stage.output], rows)
            for stage, rows in zip(stages, self._stream.rings, strict=True)
        }
        self._rings |= {
            tensor: (start, rows)
            for tensor, start, rows in zip(
                self._stream.copies, placed.copies, self._stream.copy_rows, strict=True
            )
        }

    def run(self) -> None:
        rows = dict.fromkeys((stage.output for stage in self._stream.stages), 0)
        for event in events(self._stream):
            if event.stage < 0:
                self._copy(event)
            else:
                self._compute(self._stream.stages[event.stage], event)
                rows[event.tensor] += 1
        for stage in self._stream.stages:
            if rows[stage.output] != stage.height:
                done = f"{rows[stage.output]} of {stage.height} rows"
                raise VerificationError(f"node {stage.node.index} {stage.node.op} makes {done}")
        last = self._stream.stages[-1]
        for row in range(last.height):
            self._require(last.output, row, last.row_bytes, "the next layer")

    def _copy(self, event: Event) -> None:
        size = self._stream.copy_row_bytes(event.tensor)
        start = self._placed.offsets[event.tensor] + event.row * size
        found = self._arena[start : start + size]
        if not np.array_equal(found, self._values(event.tensor, event.row * size, size)):
            raise VerificationError(f"row {event.row} of {event.tensor} is copied too late")
        self._write(event.tensor, event.row, size)

    def _compute(self, stage: Stage, event: Event) -> None:
        name = f"node {stage.node.index} {stage.node.op}, row {event.row},"
        output = self._start(stage.output, event.row, stage.row_bytes)
        for window in stage.windows:
            for row in range(window.first(event.row), window.end(event.row)):
                self._require(window.tensor, row, window.row_bytes, name)
                start = self._start(window.tensor, row, window.row_bytes)
                apart = start + window.row_bytes <= output or output + stage.row_bytes <= start
                if not apart and not (window.tensor in stage.in_place and output <= start):
                    raise VerificationError(f"{name} writes over row {row} of {window.tensor}")
        self._write(stage.output, event.row, stage.row_bytes)

    def _require(self, tensor: int, row: int, size: int, reader: str) -> None:
        start = self._start(tensor, row, size)
        found = self._arena[start : start + size]
        if not np.array_equal(found, self._values(tensor, row * size, size)):
            raise VerificationError(f"{reader} finds row {row} of {tensor} overwritten")

    def _write(self, tensor: int, row: int, size: int) -> None:
        start = self._start(tensor, row, size)
        self._require_inside(start, size)
        self._arena[start : start + size] = self._values(tensor, row * size, size)

    def _start(self, tensor: int, row: int, size: int) -> int:
        """Where the row lies: in its ring, or in the tensor."""
        start, rows = self._rings.get(tensor, (self._placed.offsets[tensor], row + 1))
        return start + row % rows * size

    def _values(self, tensor: int, first: int, size: int) -> NDArray[np.int64]:
        start = self._bases[tensor] + first
        return np.arange(start, start + size, dtype=np.int64)

    def _require_inside(self, start: int, size: int) -> None:
        if start < 0 or start + size > self._arena.size:
            raise VerificationError("rows lie outside the arena")
