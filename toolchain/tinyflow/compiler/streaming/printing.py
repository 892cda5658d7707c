"""A placed stream as C: a loop over the rows of its last layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinyflow.compiler.memory import Place
from tinyflow.compiler.naming import place_text
from tinyflow.compiler.streaming.placing import PlacedStream
from tinyflow.compiler.streaming.schedule import Pace
from tinyflow.compiler.streaming.stage import Stage


@dataclass(frozen=True)
class StageView:
    """A layer in the loop: rows of `ring` up to `until`, each by `call` and `row_bytes` long.

    The last layer has no ring: its row is the loop's, `place` where its tensor begins.
    """

    layer: int
    comment: str
    ring: str
    until: str
    call: str
    bytes: int
    row_bytes: int
    place: str


@dataclass(frozen=True)
class StreamView:
    """A stream as the template prints it: a function of its own.

    `what` it does is told where it is called, behind the number of its first layer.
    """

    function: str
    comment: str
    what: str
    rows: int
    declarations: tuple[str, ...]
    copies: tuple[str, ...]
    stages: tuple[StageView, ...]

    @property
    def before(self) -> tuple[StageView, ...]:
        """All layers but the last."""
        return self.stages[:-1]

    @property
    def last(self) -> StageView:
        return self.stages[-1]

    @property
    def uses_arena(self) -> bool:
        """Whether anything of it lies in the arena."""
        calls = [text for stage in self.stages for text in (stage.call, stage.place)]
        return any("arena + " in text for text in (*self.declarations, *self.copies, *calls))


def stream_view(placed: PlacedStream, first: int, comments: Sequence[str]) -> StreamView:
    """The stream whose first layer is number `first`; `comments` are those of its layers."""
    stream = placed.stream
    last = first + len(stream.stages) - 1
    names = {stage.output: f"rows_{first + i}" for i, stage in enumerate(stream.stages[:-1])}
    outside = [tensor for tensor in stream.inputs if tensor not in stream.copies]
    declarations: list[str] = []
    copies: list[str] = []
    readable = {tensor: f"{name}.rows" for tensor, name in names.items()}
    for i, tensor in enumerate(stream.copies):
        name = "copy" if len(stream.copies) == 1 else f"copy_{i}"
        row_bytes, pace = stream.copy_row_bytes(tensor), stream.copy_paces[i]
        start = _text(placed.place(placed.copies[i]))
        declarations.append(_ring(name, start, row_bytes, stream.copy_rows[i]))
        until = _until(pace, stream.rows)
        copies.append(f"tnf_ring_copy(&{name}, {_place(placed, tensor)}, {until});")
        readable[tensor] = f"{name}.rows"
    windowed = {w.tensor: w for s in stream.stages if s.windowed for w in s.windows}
    for i, tensor in enumerate(outside):
        if tensor in windowed:
            name = "input" if len(outside) == 1 else f"input_{i}"
            window = windowed[tensor]
            values = f"{_place(placed, tensor)}, {window.row_bytes}, {window.height}, 0"
            declarations.append(f"const tnf_rows_t {name} = {{{values}}};")
            readable[tensor] = name
    for stage, rows in zip(stream.stages[:-1], stream.rings, strict=False):
        name = names[stage.output]
        start = _place(placed, stage.output)
        declarations.append(_ring(name, start, stage.row_bytes, rows))
    stages = []
    for i, (stage, pace) in enumerate(zip(stream.stages, stream.paces, strict=True)):
        is_last = i == len(stream.stages) - 1
        row = "row" if is_last else "y"
        stages.append(
            StageView(
                first + i,
                comments[i],
                names.get(stage.output, ""),
                _until(pace, stream.rows),
                _call(stage, first + i, row, readable, placed),
                stage.height * stage.row_bytes,
                stage.row_bytes,
                _place(placed, stage.output),
            )
        )
    single = len(stages) == 1
    return StreamView(
        f"layer_{first}_by_rows" if single else f"layers_{first}_to_{last}",
        _comment(first, last, bool(stream.copies)),
        "by rows, over its input" if single else f"layers {first} to {last} by rows",
        stream.rows,
        tuple(declarations),
        tuple(copies),
        tuple(stages),
    )


def _comment(first: int, last: int, copied: bool) -> str:
    if first < last:
        text = f"Layers {first} to {last} by rows, each as far as the next ones need it"
        text += "; a ring keeps the last rows of a tensor."
    else:
        text = f"Layer {first} by rows, over its input."
    copies = "Input rows are copied into a ring before the output's overwrite them."
    return f"{text} {copies}" if copied else text


def _place(placed: PlacedStream, tensor: int) -> str:
    return _text(placed.place(placed.offsets[tensor]))


def _text(place: Place) -> str:
    return place_text(place.offset, not place.fast)


def _ring(name: str, start: str, row_bytes: int, rows: int) -> str:
    return f"tnf_ring_t {name} = tnf_ring({start}, {row_bytes}, {rows});"


def _until(pace: Pace, rows: int) -> str:
    """Pace.until in C."""
    text = "row" if pace.rate == 1 else f"{pace.rate} * row"
    if pace.lead:
        text += f" {'+' if pace.lead > 0 else '-'} {abs(pace.lead)}"
    if pace.rate * (rows - 1) + pace.lead > pace.height:
        text = f"tnf_rows_until({pace.height}, {text})"
    return f"(row < {rows - 1} ? {text} : {pace.height})" if pace.rest else text


def _call(
    stage: Stage, layer: int, row: str, readable: dict[int, str], placed: PlacedStream
) -> str:
    if stage.windowed:
        source = readable[stage.windows[0].tensor]
        operands = [f"&{source}", row, f"{row} + 1"]
    else:
        operands = []
        for window in stage.windows:
            if window.tensor in readable and window.stride:
                operands.append(f"tnf_row(&{readable[window.tensor]}, {row})")
            else:
                place = _place(placed, window.tensor)
                operands.append(f"{place} + {row} * {window.row_bytes}" if window.stride else place)
    operands.append("output")
    if stage.call.scratch_bytes:
        operands.append(place_text(placed.scratch, slow=False))
    return f"{stage.call.function}(&layer_{layer}, {', '.join(operands)});"
