"""What the dashboard asks of a store: each answer is bounded in rows and in time."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinyflow.artifacts import MetricRow
from tinyflow.errors import ProjectError
from tinyflow.monitor.alerts import END, PREFIX
from tinyflow.monitor.store import Store

ANSWER_SECONDS = 5.0
MAX_SERIES = 300
MAX_NAMES = 600
MAX_MARKS = 300
# How far back the newest figures are looked for, so that no question reads a whole store.
RECENT_ROWS = 50_000

# SQLite asks whether to go on after this many of its steps.
_STEPS = 20_000
# A board's milliseconds begin anew after 49 days: a fall from close to it is no restart.
_WRAP_MS = 2**32 - 3_600_000

# The terms of every question are constants; what a browser says is only ever a value.
_BOARD = "FROM metric WHERE run = ? AND board = ? AND device = ?"
_EXTENT = (f"SELECT min(time) {_BOARD} AND name = ?", f"SELECT max(time) {_BOARD} AND name = ?")
# One step in the index each, whatever the store's size.
_LAST_BOARD = (
    "SELECT run, board, device, name, time FROM metric WHERE {} "
    "ORDER BY run DESC, board DESC, device DESC, name DESC, time DESC LIMIT 1"
)
_LAST_NAME = (
    f"SELECT run, board, place, name, value, unit, time, device {_BOARD} AND {{}} "
    "ORDER BY name DESC, time DESC LIMIT 1"
)
_POINTS = (
    "SELECT m.time, m.value, mean, low, high FROM metric AS m JOIN ("  # noqa: S608
    "SELECT max(id) AS last, avg(value) AS mean, min(value) AS low, max(value) AS high "
    f"{_BOARD} AND name = ? AND time BETWEEN ? AND ? GROUP BY CAST((time - ?) / ? AS INTEGER)"
    ") ON m.id = last ORDER BY m.time, m.id"
)
_ALERTS = (
    f"SELECT name, value, unit, time {_BOARD} AND name >= 'alert_' AND name < 'alert`' "
    "AND time BETWEEN ? AND ? ORDER BY time DESC LIMIT ?"
)
_RESTARTS = (
    "SELECT time FROM (SELECT time, value, lag(value) OVER (ORDER BY time, id) AS before "  # noqa: S608
    f"{_BOARD} AND name = 'uptime_ms' AND time BETWEEN ? AND ?) "
    "WHERE value < before AND before < ? ORDER BY time DESC LIMIT ?"
)
_REASON = f"SELECT value {_BOARD} AND name = 'reset_reason' AND time >= ? ORDER BY time LIMIT 1"


@dataclass(frozen=True)
class Series:
    """One board in one run."""

    run: str
    board: str
    device: str

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.run, self.board, self.device)


@dataclass(frozen=True)
class Span:
    """A range of time, in seconds since the epoch; both ends belong to it."""

    start: float
    end: float


class History(Store):
    """A store that is only read, for one thread. Raises ProjectError where the file is missing,
    and where an answer takes over 5 s."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise ProjectError(
                f"{path} is not there",
                ["the monitor makes it with its first rows"],
                ["tinyflow monitor --board NAME", "tinyflow dashboard --store FILE"],
            )
        super().__init__(path)
        self._until = math.inf
        self._connection.set_progress_handler(self._is_late, _STEPS)

    def series(self) -> list[dict[str, Any]]:
        """The boards of all runs, the latest run first: from when to about when there are rows."""
        found: list[dict[str, Any]] = []
        last: Sequence[Any] = ()
        while len(found) < MAX_SERIES:
            term = "(run, board, device) < (?, ?, ?)" if last else "1"
            rows = self._ask(_LAST_BOARD.format(term), last)
            if not rows:
                break
            run, board, device, name, end = rows[0]
            last = (run, board, device)
            ((start,),) = self._ask(_EXTENT[0], (*last, name))
            found.append(
                {"run": run, "board": board, "device": device, "first": start, "last": end}
            )
        return found

    def latest(self, series: Series) -> list[MetricRow]:
        """The newest row of every name, by name."""
        found: list[MetricRow] = []
        name: str | None = None
        while len(found) < MAX_NAMES:
            term, values = ("name < ?", (name,)) if name is not None else ("1", ())
            rows = self._ask(_LAST_NAME.format(term), (*series.key, *values))
            if not rows:
                break
            found.append(MetricRow(*rows[0]))
            name = found[-1].name
        return found[::-1]

    def extent(self, series: Series, name: str) -> Span | None:
        """From when to when there are rows of this name."""
        # Each alone is one look into the index, both at once would be a scan.
        ((start,),), ((end,),) = (self._ask(ask, (*series.key, name)) for ask in _EXTENT)
        return None if start is None else Span(start, end)

    def points(self, series: Series, name: str, span: Span, most: int) -> list[list[float]]:
        """At most `most` + 1 points over `span`: time, last value, mean, least and most of each.

        The range is cut into `most` equal parts; a part without rows has no point.
        """
        width = max((span.end - span.start) / most, 1e-6)
        inside = (*series.key, name, span.start, span.end)
        rows = self._ask(_POINTS, (*inside, span.start, width))
        return [list(row) for row in rows]

    def marks(self, series: Series, span: Span) -> list[dict[str, Any]]:
        """Alerts, their ends, and restarts in `span`: the latest 300, oldest first."""
        inside = (*series.key, span.start, span.end)
        found = [
            {
                "time": at,
                "kind": "end" if name.endswith(END) else "alert",
                "name": name.removeprefix(PREFIX).removesuffix(END),
                "value": value,
                "unit": unit,
            }
            for name, value, unit, at in self._ask(_ALERTS, (*inside, MAX_MARKS))
        ]
        for (at,) in self._ask(_RESTARTS, (*inside, _WRAP_MS, MAX_MARKS)):
            code = self._ask(_REASON, (*series.key, at))
            reason = code[0][0] if code else None
            found.append({"time": at, "kind": "reset", "name": "reset", "value": reason})
        return sorted(found, key=lambda mark: mark["time"])[-MAX_MARKS:]

    def recent(self, since: float) -> list[MetricRow]:
        """The newest row of every name of the boards that have a row of `since` or later.

        Alerts are told while they are new. Of rows that differ in `where` alone, older ones are
        not told either.
        """
        rows = self._ask(
            "SELECT run, board, place, name, value, unit, time, device, max(id) FROM metric "
            "WHERE id > ? AND time >= ? GROUP BY name, run, board, device, place",
            (self.last() - RECENT_ROWS, since),
        )
        found = [MetricRow(*row[:8]) for row in rows]
        names = {(row.run, row.board, row.device, row.name) for row in found}
        for key in sorted({name[:3] for name in names}):
            found += [
                row
                for row in self.latest(Series(*key))
                if (*key, row.name) not in names and not row.name.startswith(PREFIX)
            ]
        return found

    def describe(self, series: Series) -> dict[str, Any]:
        """What the monitor wrote down of this board at the start of the run, {} where nothing."""
        try:
            documents = self.documents(run=series.run, limit=MAX_SERIES)
        except ValueError as error:  # somebody else wrote there: it is no JSON
            raise ProjectError(
                f"{self.path} has a run's description that is damaged: {error}"
            ) from None
        for item in documents:
            if (item.board, item.device) == (series.board, series.device):
                return {**item.document, "started": item.started}
        return {}

    def _ask(self, question: str, values: Sequence[Any]) -> list[Any]:
        if self._until == math.inf:
            self._until = time.monotonic() + ANSWER_SECONDS
        try:
            with self._explained():
                return self._connection.execute(question, tuple(values)).fetchall()
        except ProjectError:
            if self._is_late():
                raise ProjectError(
                    f"{self.path} did not answer within {ANSWER_SECONDS:g} s",
                    hints=["choose a shorter range of time"],
                ) from None
            raise

    def _is_late(self) -> bool:
        return time.monotonic() > self._until
