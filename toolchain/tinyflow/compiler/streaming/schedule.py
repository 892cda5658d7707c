"""When which row is computed, and what follows: how long rows are needed, and where they lie.

The schedule is driven by the rows of the last layer: before its row y, each layer before it and
each copy of an input is brought up to row rate * y + lead, a number that its consumers' windows
give. It is known before the inference, so how many rows a ring must keep is found by going through
it once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tinyflow.compiler.memory.rows import RowTrace, reach
from tinyflow.compiler.streaming.stage import Stage


@dataclass(frozen=True)
class Pace:
    """Before row y of the last layer, the rows before rate * y + lead are there, of `height`.

    With `rest`, all that are left are computed with the last row: no window reaches them.
    """

    height: int
    rate: int
    lead: int
    rest: bool = False

    def until(self, row: int, rows: int) -> int:
        """How many rows are there before row `row` of the last layer's `rows`."""
        if self.rest and row == rows - 1:
            return self.height
        return min(self.height, max(0, self.rate * row + self.lead))


@dataclass(frozen=True)
class Stream:
    """Layers that are computed row by row, driven by the rows of the last.

    `paces` are of the stages, `rings` the rows that each stage's output keeps (the last keeps all).
    Inputs in `copies` are copied into rings of `copy_rows` rows first, by their paces.
    """

    stages: tuple[Stage, ...]
    paces: tuple[Pace, ...]
    rings: tuple[int, ...]
    copies: tuple[int, ...] = ()
    copy_paces: tuple[Pace, ...] = ()
    copy_rows: tuple[int, ...] = ()

    @property
    def rows(self) -> int:
        """Rows of the last layer."""
        return self.stages[-1].height

    @property
    def output(self) -> int:
        return self.stages[-1].output

    @property
    def inputs(self) -> tuple[int, ...]:
        """The tensors that come from outside."""
        made = {stage.output for stage in self.stages}
        read = (window.tensor for stage in self.stages for window in stage.windows)
        return tuple(dict.fromkeys(tensor for tensor in read if tensor not in made))

    @property
    def row_calls(self) -> int:
        """How many kernel calls there are in place of one per layer."""
        return sum(stage.height for stage in self.stages)

    def copy_row_bytes(self, tensor: int) -> int:
        """The bytes of a row of a copied input."""
        windows = (window for stage in self.stages for window in stage.windows)
        return next(window.row_bytes for window in windows if window.tensor == tensor)


@dataclass(frozen=True)
class Event:
    """A row that comes to be: row `row` of tensor `tensor`, by stage `stage` or as a copy (-1)."""

    tensor: int
    row: int
    stage: int


def schedule(stages: Sequence[Stage], copied: Sequence[int] = ()) -> Stream | None:
    """The stream of `stages`, in order of their nodes; None where there is none.

    There is none where two ways from a tensor to the output go at different rates, or where a
    stage's rows are not read by later ones. `copied` are tensors from outside that are read from a
    copy.
    """
    paces: dict[int, Pace] = {stages[-1].output: Pace(stages[-1].height, 1, 1)}
    rows = stages[-1].height
    for stage in reversed(stages[:-1]):
        pace = _pace(stage.output, stages, paces, rows)
        if pace is None:
            return None
        paces[stage.output] = pace
    copy_paces = [_pace(tensor, stages, paces, rows) for tensor in copied]
    known = tuple(pace for pace in copy_paces if pace is not None)
    if len(known) < len(copied):
        return None
    stream = Stream(
        tuple(stages),
        tuple(paces[stage.output] for stage in stages),
        tuple(stage.height for stage in stages),
        tuple(copied),
        tuple(_copied(t, stages, p, rows) for t, p in zip(copied, known, strict=True)),
        tuple(pace.height for pace in known),
    )
    room = _room(stream)
    return Stream(
        stream.stages,
        stream.paces,
        (*(room[stage.output] for stage in stages[:-1]), stages[-1].height),
        stream.copies,
        stream.copy_paces,
        tuple(room[tensor] for tensor in copied),
    )


def events(stream: Stream) -> Iterator[Event]:
    """The rows as they come to be, in the order of the generated code."""
    done = dict.fromkeys((*stream.copies, *(stage.output for stage in stream.stages)), 0)
    for row in range(stream.rows):
        for tensor, pace in zip(stream.copies, stream.copy_paces, strict=True):
            while done[tensor] < pace.until(row, stream.rows):
                yield Event(tensor, done[tensor], -1)
                done[tensor] += 1
        for index, (stage, pace) in enumerate(zip(stream.stages, stream.paces, strict=True)):
            while done[stage.output] < pace.until(row, stream.rows):
                yield Event(stage.output, done[stage.output], index)
                done[stage.output] += 1


def trace(stream: Stream, tensor: int) -> RowTrace:
    """Which rows of an input of the stream are consumed when a row of its output is written."""
    happened = list(events(stream))
    written = [i for i, event in enumerate(happened) if event.tensor == stream.output]
    window = next(w for stage in stream.stages for w in stage.windows if w.tensor == tensor)
    last = stream.stages[-1]
    needed = _first_needed(stream, tensor, happened)
    consumed = [needed[i] for i in written]
    in_place = tensor in last.in_place and tensor not in stream.copies
    if not in_place or window.row_bytes != last.row_bytes:
        return RowTrace(window.height, window.row_bytes, last.row_bytes, tuple(consumed))
    # The last layer reads each value before it writes the one in its place.
    later = [needed[i + 1] for i in written]
    own = tuple(min(row + 1, after) for row, after in enumerate(later))
    rows = RowTrace(window.height, window.row_bytes, last.row_bytes, own)
    if reach(rows) <= 0:
        return rows
    values = np.arange(1, last.height * last.row_bytes + 1, dtype=np.int64)
    ends = np.repeat(later, last.row_bytes) * window.row_bytes
    return RowTrace(len(values), 1, 1, tuple(np.minimum(values, ends).tolist()))


def _first_needed(stream: Stream, tensor: int, happened: Sequence[Event]) -> list[int]:
    """For each event, and for the end, the first row of `tensor` that it or a later one reads."""
    height = next(w.height for stage in stream.stages for w in stage.windows if w.tensor == tensor)
    needed = [height] * (len(happened) + 1)
    for i in range(len(happened) - 1, -1, -1):
        event = happened[i]
        needed[i] = needed[i + 1]
        if event.stage < 0 and event.tensor == tensor:
            needed[i] = min(needed[i], event.row)
        elif event.stage >= 0 and tensor not in stream.copies:
            for window in stream.stages[event.stage].windows:
                if window.tensor == tensor and window.first(event.row) < window.end(event.row):
                    needed[i] = min(needed[i], window.first(event.row))
    return needed


def _pace(tensor: int, stages: Sequence[Stage], paces: dict[int, Pace], rows: int) -> Pace | None:
    """The pace of a tensor, from those of the stages that read it."""
    found: list[Pace] = []
    for stage in stages:
        for window in stage.windows:
            if window.tensor == tensor:
                pace = paces[stage.output]
                rate = window.stride * pace.rate
                lead = window.stride * (pace.lead - 1) - window.before + window.span
                found.append(Pace(window.height, rate, lead))
    if not found or len({pace.rate for pace in found}) > 1 or found[0].rate == 0:
        return None
    pace = Pace(found[0].height, found[0].rate, max(pace.lead for pace in found))
    rest = pace.until(rows - 1, rows) < pace.height
    return Pace(pace.height, pace.rate, pace.lead, rest)


def _copied(tensor: int, stages: Sequence[Stage], pace: Pace, rows: int) -> Pace:
    """The pace of a copy: that of the tensor, without the rows that no window reaches.

    Rows of its readers that are left for the end still need what is under their windows.
    """
    height = max(
        window.end(row)
        for stage in stages
        for window in stage.windows
        if window.tensor == tensor
        for row in range(stage.height)
    )
    known = Pace(height, pace.rate, pace.lead)
    return Pace(height, pace.rate, pace.lead, known.until(rows - 1, rows) < height)


def _room(stream: Stream) -> dict[int, int]:
    """How many rows each ring must keep so that none is overwritten before it is read."""
    born: dict[tuple[int, int], int] = {}
    read: dict[tuple[int, int], int] = {}
    for moment, event in enumerate(events(stream)):
        born[event.tensor, event.row] = moment
        if event.stage < 0:
            continue
        for window in stream.stages[event.stage].windows:
            for row in range(window.first(event.row), window.end(event.row)):
                read[window.tensor, row] = moment
    room = dict.fromkeys((tensor for tensor, _ in born), 1)
    oldest: dict[int, int] = {}
    for (tensor, row), moment in sorted(born.items(), key=lambda item: item[1]):
        first = oldest.get(tensor, 0)
        while first < row and read.get((tensor, first), -1) <= moment:
            first += 1
        oldest[tensor] = first
        room[tensor] = max(room[tensor], row - first + 1)
    return room
