"""How a kernel goes through its input and output: what lets the one lie over the other.

A kernel that copies the input rows it needs into a ring before it writes an output row no longer
needs those rows, so the output may overwrite them. (The idea of segments that are overwritten as
they are consumed is vMCU's: MLSys 2024, arXiv 2406.06542.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class RowTrace:
    """Rows of one input consumed while the rows of one output are written, first row to last.

    Before any byte of output row `r` is written, the input rows before `consumed[r]` were read for
    the last time: they are copied, or no later row needs them. `consumed` counts from 0 to
    `input_rows` and has one entry per output row. Rows follow one another without gaps, batches
    too. A kernel without a copy reads and writes within a row by turns: its row is the element
    (`elementwise`), or what it copies at once.

    Raises ValueError where a count is out of range or falls.
    """

    input_rows: int
    input_row_bytes: int
    output_row_bytes: int
    consumed: Sequence[int]

    def __post_init__(self) -> None:
        if not self._rises():
            raise ValueError(f"consumed rows fall, or are not between 0 and {self.input_rows}")
        if min(self.input_row_bytes, self.output_row_bytes) < 1:
            raise ValueError(f"rows of {self.input_row_bytes} and {self.output_row_bytes} B")

    @property
    def input_bytes(self) -> int:
        return self.input_rows * self.input_row_bytes

    @property
    def output_bytes(self) -> int:
        return len(self.consumed) * self.output_row_bytes

    def _rises(self) -> bool:
        rows = self.consumed
        if isinstance(rows, range):  # of which the ends tell all, however long it is
            return not rows or 0 <= rows[0] <= rows[-1] <= self.input_rows
        ends = np.concatenate(([0], self.counts(), [self.input_rows]))
        return not np.any(np.diff(ends) < 0)

    def counts(self) -> NDArray[np.int64]:
        """`consumed` as an array."""
        if isinstance(self.consumed, range):
            rows = self.consumed
            return np.arange(rows.start, rows.stop, rows.step, dtype=np.int64)
        return np.asarray(self.consumed, dtype=np.int64)


def reach(trace: RowTrace) -> int:
    """How many bytes after the input's start the output may start, at most; negative: before.

    Row `r` must end where the rows not yet consumed begin, so this is the least of
    consumed[r] * input_row_bytes - (r + 1) * output_row_bytes over the rows `r` that leave any.
    A trace that leaves none reaches to the input's end: the output may lie anywhere.
    """
    rows = trace.consumed
    if isinstance(rows, range):  # the room falls or rises all along: it is least at an end
        kept = range(rows.start, min(rows.stop, trace.input_rows), rows.step)
        ends = {0, len(kept) - 1} if kept else set()
        rooms = (kept[r] * trace.input_row_bytes - (r + 1) * trace.output_row_bytes for r in ends)
        return min(trace.input_bytes, *rooms, trace.input_bytes)
    counts = trace.counts()
    left = np.flatnonzero(counts < trace.input_rows)
    room = counts[left] * trace.input_row_bytes - (left + 1) * trace.output_row_bytes
    return min(trace.input_bytes, int(room.min(initial=trace.input_bytes)))


def elementwise(elements: int, input_bytes: int = 1, output_bytes: int = 1) -> RowTrace:
    """The trace of a kernel that reads element `i` and then writes it, one after the other.

    `input_bytes` and `output_bytes` are of one element.
    """
    return RowTrace(elements, input_bytes, output_bytes, range(1, elements + 1))


def windowed(
    outputs: int,
    inputs: int,
    span: int,
    stride: int,
    before: int,
    *,
    input_row_bytes: int,
    output_row_bytes: int,
    batches: int = 1,
) -> RowTrace:
    """The trace of a window over rows, with a ring for the `span` rows it covers.

    Output row `r` reads input rows up to r * stride - before + span - 1; they are in the ring
    before it is written. The last row's window frees what no window covers. Each of the `batches`
    has `inputs` input rows and `outputs` output rows; `before` are padding rows above the first.
    """
    consumed = [
        batch * inputs
        + (inputs if r == outputs - 1 else min(inputs, max(0, r * stride - before + span)))
        for batch in range(batches)
        for r in range(outputs)
    ]
    return RowTrace(batches * inputs, input_row_bytes, output_row_bytes, tuple(consumed))
