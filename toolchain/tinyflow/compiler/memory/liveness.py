"""Which bytes are needed when: the lives of tensors and rings, and what they hold.

Moments are step positions; -1 is before the first step, when the caller writes the inputs, and the
number of steps is after the last, when it reads the outputs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tinyflow.compiler.graph import Graph

if TYPE_CHECKING:
    from tinyflow.compiler.steps import Step

Key = int | tuple[int, int]
"""A tensor's index, or a ring: (step position, number of the ring in the step)."""


MOST_PIECES = 256


@dataclass(frozen=True)
class Piece:
    """`length` bytes that were computed as bytes `start`... of value `origin`.

    A value is a tensor (or a ring), and how often it was written before.
    """

    origin: tuple[Key, int]
    start: int
    length: int


@dataclass(frozen=True)
class Life:
    """From the moment a value is written to the moment of its last read, both included.

    `pieces` are its bytes in order. Copies of one value have equal pieces.
    """

    first: int
    last: int
    pieces: tuple[Piece, ...]

    def meets(self, other: Life) -> bool:
        return self.first <= other.last and other.first <= self.last

    def part(self, start: int, stop: int) -> tuple[Piece, ...]:
        """The bytes from `start` to `stop`."""
        return cut(self.pieces, start, stop)


@dataclass(frozen=True)
class Liveness:
    """The lives and sizes of all that wants a place, and where an output may overwrite an input.

    `reaches` are by step position, input and output.
    """

    sizes: Mapping[Key, int]
    lives: Mapping[Key, Sequence[Life]]
    reaches: Mapping[tuple[int, int, int], int]

    def reach(self, x: Key, earlier: Life, y: Key, later: Life) -> int | None:
        """How far after the start of `x` its reader may write `y`; None where it may not at all.

        The one must die in the very step in which the other is written.
        """
        if earlier.last != later.first or isinstance(x, tuple) or isinstance(y, tuple):
            return None
        return self.reaches.get((later.first, x, y))


def cut(pieces: Sequence[Piece], start: int, stop: int) -> tuple[Piece, ...]:
    """The bytes from `start` to `stop` of `pieces`, in as few pieces as possible."""
    kept: list[Piece] = []
    at = 0
    for piece in pieces:
        low, high = max(start, at), min(stop, at + piece.length)
        if low < high:
            found = Piece(piece.origin, piece.start + low - at, high - low)
            before = kept[-1] if kept else None
            if (
                before is not None
                and before.origin == found.origin
                and before.start + before.length == found.start
            ):
                kept[-1] = Piece(found.origin, before.start, before.length + found.length)
            else:
                kept.append(found)
        at += piece.length
    return tuple(kept)


class _Recorder:
    """Follows values through the steps."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.sizes: dict[Key, int] = {}
        self.lives: dict[Key, list[Life]] = {}

    def write(self, key: Key, moment: int, size: int) -> None:
        """A new life, of bytes that were never seen before."""
        lives = self.lives.setdefault(key, [])
        self.sizes[key] = size
        lives.append(Life(moment, moment, (Piece((key, len(lives)), 0, size),)))

    def read(self, key: Key, moment: int) -> None:
        life = self.lives[key][-1]
        self.lives[key][-1] = Life(life.first, moment, life.pieces)

    def copy(self, part: int, whole: int, offset: int, *, into_whole: bool) -> None:
        """Let the one that was written last hold the other's bytes.

        What has more than MOST_PIECES is a value of its own: then the copy is made.
        """
        inner, outer = self.lives[part][-1], self.lives[whole][-1]
        if len(inner.pieces) + len(outer.pieces) > MOST_PIECES:
            return
        stop = offset + self.sizes[part]
        if into_whole:
            pieces = (
                *outer.part(0, offset),
                *inner.pieces,
                *outer.part(stop, self.sizes[whole]),
            )
            self.lives[whole][-1] = Life(outer.first, outer.last, pieces)
        else:
            self.lives[part][-1] = Life(inner.first, inner.last, outer.part(offset, stop))


def liveness(graph: Graph, steps: Sequence[Step]) -> Liveness:
    """The lives of all activations, states and rings.

    A state is needed from its last change to the end and from the start to its last read before
    its first change; a step that changes it by a copy of the whole does not need what was there.
    """
    recorder = _Recorder(graph)
    states = [state.tensor for state in graph.states]
    for tensor in (*graph.inputs, *states):
        recorder.write(tensor, -1, graph.tensors[tensor].size_bytes)
    reaches: dict[tuple[int, int, int], int] = {}
    for position, step in enumerate(steps):
        written = set(step.writes) | set(step.updates)
        for tensor in step.reads:
            if tensor not in step.writes:
                recorder.read(tensor, position)
        for tensor in step.updates:
            if not any(_replaces(graph, view.part, view.whole, tensor) for view in step.views):
                recorder.read(tensor, position)
        for tensor in written:
            recorder.write(tensor, position, graph.tensors[tensor].size_bytes)
        for view in step.views:
            if (view.part in written) != (view.whole in written):
                recorder.copy(view.part, view.whole, view.offset, into_whole=view.whole in written)
        for number, ring in enumerate(step.rings):
            recorder.write((position, number), position, ring)
        for lap in step.overlaps:
            key = (position, lap.input, lap.output)
            reaches[key] = max(lap.reach, reaches.get(key, lap.reach))
    for tensor in (*graph.outputs, *states):
        recorder.read(tensor, len(steps))
    return Liveness(recorder.sizes, recorder.lives, reaches)


def _replaces(graph: Graph, part: int, whole: int, tensor: int) -> bool:
    """Whether a copy between `part` and `whole` writes all of `tensor`."""
    same = graph.tensors[part].size_bytes == graph.tensors[whole].size_bytes
    return tensor in (part, whole) and same
