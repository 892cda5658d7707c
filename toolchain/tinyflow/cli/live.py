"""The live view of `monitor`: a line for each board, and all that one board tells."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING

from tinyflow.artifacts import MetricRow
from tinyflow.cli.output import end_progress
from tinyflow.monitor.overview import Overview

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from tinyflow.pipeline.watching import Watch

STYLES = {"live": "green", "gone": "red", "refused": "red", "failed": "red", "starting": "dim"}
DEVICE_WIDTH = 20
MAX_NOTES = 4
LEAST_LINES = 5
GAP = 2


@dataclass(frozen=True)
class _Column:
    """A column; of a row that is too wide those of the highest `spare` go first."""

    name: str
    spare: int
    cell: Callable[[Overview, float], str]
    right: bool = True


def _count(name: str) -> Callable[[Overview, float], str]:
    def cell(board: Overview, now: float) -> str:
        value = board.value(name)
        return "" if value is None else f"{value:,.0f}"

    return cell


def _rate(board: Overview, now: float) -> str:
    value = board.value("throughput")
    return "" if value is None else figure(value)


def _latency(place: int) -> Callable[[Overview, float], str]:
    def cell(board: Overview, now: float) -> str:
        found = board.latency
        if found is None:
            return ""
        # The unit stands once, behind the second of them.
        return f"{figure(found[1])} {_unit(found[2])}" if place else figure(found[0])

    return cell


def _confidence(board: Overview, now: float) -> str:
    value = board.confidence
    return "" if value is None else f"{value:.2f}"


def _drift(board: Overview, now: float) -> str:
    found = board.drift
    return "" if found is None else f"{found[0]:.2g}/{found[1]:.2g}"


def _seen(board: Overview, now: float) -> str:
    return "" if board.seen is None else duration(max(0.0, now - board.seen))


_COLUMNS = (
    _Column("board", 0, lambda board, now: board.board, right=False),
    _Column("device", 1, lambda board, now: _tail(board.device), right=False),
    _Column("state", 0, lambda board, now: board.state, right=False),
    _Column("inferences", 0, _count("inferences")),
    _Column("/s", 2, _rate),
    _Column("p50", 6, _latency(0)),
    _Column("p99", 3, _latency(1)),
    _Column("misses", 5, _count("deadline_misses")),
    _Column("conf", 8, _confidence),
    _Column("drift", 4, _drift),
    _Column("resets", 7, _count("restarts")),
    _Column("seen", 9, _seen),
)


def figure(value: float) -> str:
    """A number with three digits or more, as few as it takes."""
    size = abs(value)
    if size >= 99.95 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.3g}"


def duration(seconds: float) -> str:
    """A time in one unit or two: 9 s, 3 min, 2 h 05."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds // 3600:.0f} h {seconds % 3600 // 60:02.0f}"


def _unit(unit: str) -> str:
    """A unit, short: a column has little room."""
    return {"instructions": "instr", "nanoseconds": "ns"}.get(unit, unit)


def _tail(device: str) -> str:
    """The end of a name: there two paths differ."""
    return device if len(device) <= DEVICE_WIDTH else f"…{device[1 - DEVICE_WIDTH :]}"


def board_table(boards: Sequence[Overview], now: float, width: int) -> RenderableType:
    """One line for each board, of as many columns as fit into `width`."""
    from rich.table import Table
    from rich.text import Text

    cells = {column: [column.cell(board, now) for board in boards] for column in _COLUMNS}
    # A column that says nothing of any board is none.
    shown = [column for column in _COLUMNS if any(cells[column])]

    def total() -> int:
        return sum(max(len(column.name), *map(len, cells[column])) + GAP for column in shown) - GAP

    while total() > width and any(column.spare for column in shown):
        shown.remove(max(shown, key=lambda column: column.spare))
    grid = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="bold")
    for column in shown:
        grid.add_column(column.name, justify="right" if column.right else "left", no_wrap=True)
    for number, board in enumerate(boards):
        style = STYLES.get(board.state, "")
        row = []
        for column in shown:
            text = Text(cells[column][number])
            if column.name == "state":
                text.stylize(style)
            elif (column.name == "drift" and "drift" in board.alerts) or (
                column.name == "p99" and "latency" in board.alerts
            ):
                text.stylize("bold red")
            row.append(text)
        grid.add_row(*row)
    return grid


def row_table(rows: Sequence[MetricRow], width: int, lines: int) -> RenderableType:
    """All rows of one board in as many columns as there is room for, and how many are left out."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    parts = [(row.name, figure(row.value), _unit(row.unit)) for row in _detail(rows)]
    widest = sum(max((len(part[i]) for part in parts), default=0) + GAP for i in range(3))
    across = max(1, (width + GAP) // widest)
    shown = parts[: across * max(1, lines)]
    high = -(-len(shown) // across)
    grid = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, show_header=False)
    for _ in range(across):
        grid.add_column(style="dim", no_wrap=True)
        grid.add_column(justify="right", no_wrap=True)
        grid.add_column(no_wrap=True)
    for line in range(high):
        grid.add_row(*(cell for part in shown[line::high] for cell in part))
    left = len(parts) - len(shown)
    return Group(grid, *([Text(f"and {left} more", style="dim")] if left else []))


def _detail(rows: Sequence[MetricRow]) -> list[MetricRow]:
    """The rows in the order in which they are looked for, each figure in one unit."""
    names = {row.name for row in rows}

    def is_said(name: str) -> bool:
        counted = name.startswith("count") and f"latency_us{name.removeprefix('count')}" in names
        return name == "connected" or counted

    kept = [row for row in rows if not is_said(row.name)]
    return sorted(kept, key=lambda row: row.name.startswith("layer_"))


def notes(boards: Sequence[Overview], messages: Sequence[str]) -> list[tuple[str, str]]:
    """What a person should read of now, with its style: boards that are away, alerts, messages."""
    found = []
    for board in boards:
        place = board.device or board.board
        if board.note:
            found.append((f"{place}: {board.note}", "red"))
        for rule, row in board.alerts.items():
            text = f"{place}: alert {rule} {row.value:.6g} {row.unit}".rstrip()
            found.append((text, "bold red"))
    return found + [(message, "dim") for message in messages[-MAX_NOTES:]]


def page(
    watch: Watch, messages: Sequence[str], now: float, width: int, height: int
) -> RenderableType:
    """The whole view."""
    from rich.console import Group
    from rich.text import Text

    boards = watch.overviews
    told = [
        Text(text, style=style, no_wrap=True, overflow="ellipsis")
        for text, style in notes(boards, messages)
    ]
    counts = ((watch.rows, "rows kept"), (watch.waiting, "wait for room"), (watch.lost, "are lost"))
    kept = ", ".join(f"{n:,} {what}" for n, what in counts if n or what == "rows kept")
    parts: list[RenderableType] = [
        Text(f"run {watch.run}  {kept}", style="dim", no_wrap=True, overflow="ellipsis"),
        board_table(boards, now, width),
    ]
    if len(boards) == 1 and boards[0].latest:
        lines = max(LEAST_LINES, height - len(told) - 6)
        parts += [Text(""), row_table(list(boards[0].latest.values()), width, lines)]
    if told:
        parts += [Text(""), *told]
    return Group(*parts)


class LiveView:
    """Shows a run on a terminal; call `show` a few times a second."""

    def __init__(self, watch: Watch, console: Console | None = None) -> None:
        from rich.console import Console
        from rich.live import Live

        self._watch = watch
        self._messages: list[str] = []
        self._console = console or Console()
        self._live = Live(console=self._console, auto_refresh=False)

    def __enter__(self) -> LiveView:
        end_progress()
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def show(self, rows: Sequence[MetricRow], messages: Sequence[str]) -> None:
        """Show how things are now."""
        stamp = time.strftime("%H:%M:%S")
        self._messages = [*self._messages, *(f"{stamp} {text}" for text in messages)][-MAX_NOTES:]
        size = self._console.size
        view = page(self._watch, self._messages, time.time(), size.width, size.height)
        self._live.update(view, refresh=True)
