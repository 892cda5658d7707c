"""What a browser may ask, out of the query of a URL: everything has a limit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tinyflow.errors import ProjectError
from tinyflow.monitor.dashboard.history import Series

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams

MAX_TEXT = 200
MAX_NAMES = 40
MAX_POINTS = 1000
DEFAULT_POINTS = 300
MAX_QUERY = 8000
# The year 9999: what JavaScript and SQLite both hold exactly.
MAX_TIME = 253_402_300_799.0
MAX_ID = 2**63 - 1


class BadQuestionError(ProjectError):
    """The query of a URL says what cannot be."""


@dataclass(frozen=True)
class Range:
    """The range asked for: from `start` to `end`, or the `seconds` up to `end`; None is open."""

    start: float | None
    end: float | None
    seconds: float | None
    points: int


def text(query: QueryParams, name: str, default: str | None = None) -> str:
    """A text of at most 200 characters."""
    value = query.get(name, default)
    if value is None:
        raise BadQuestionError(f"{name} is missing")
    if len(value) > MAX_TEXT:
        raise BadQuestionError(f"{name} has {len(value)} characters, the limit is {MAX_TEXT}")
    if not value.isprintable():
        raise BadQuestionError(f"{name} has characters that cannot be printed")
    return value


def series(query: QueryParams) -> Series:
    """The board of a run: `run`, `board`, and `device`, which may be left out."""
    return Series(text(query, "run"), text(query, "board"), text(query, "device", ""))


def names(query: QueryParams) -> list[str]:
    """The names of rows, separated by commas; at most 40."""
    found = [name for name in dict.fromkeys(query.get("names", "").split(",")) if name]
    if not 1 <= len(found) <= MAX_NAMES:
        raise BadQuestionError(f"names has {len(found)}, it must be 1 to {MAX_NAMES}")
    longest = max(map(len, found))
    if longest > MAX_TEXT:
        raise BadQuestionError(f"a name has {longest} characters, the limit is {MAX_TEXT}")
    return found


def time_range(query: QueryParams) -> Range:
    """`from`, `to`, `seconds` and `points`, all of which may be left out."""
    start = _number(query, "from", 0.0, MAX_TIME)
    end = _number(query, "to", 0.0, MAX_TIME)
    if start is not None and end is not None and start > end:
        raise BadQuestionError(f"from is {start:g}, after to, which is {end:g}")
    points = _whole(query, "points", 1, MAX_POINTS)
    return Range(
        start,
        end,
        _number(query, "seconds", 0.001, MAX_TIME),
        DEFAULT_POINTS if points is None else points,
    )


def row_number(value: str | None) -> int | None:
    """The number of a row, as an event's id; None where there is none."""
    return None if value is None else _limited_whole("the last event's id", value, 0, MAX_ID)


def _whole(query: QueryParams, name: str, least: int, most: int) -> int | None:
    value = query.get(name)
    return None if value is None else _limited_whole(name, value, least, most)


def _limited_whole(name: str, value: str, least: int, most: int) -> int:
    # Ten thousand digits would take int() long, and Python refuses more than 4300.
    number = int(value) if value.isascii() and value.isdigit() and len(value) <= 20 else -1
    if not least <= number <= most:
        raise BadQuestionError(f"{name} must be a whole number from {least} to {most}")
    return number


def _number(query: QueryParams, name: str, least: float, most: float) -> float | None:
    value = query.get(name)
    if value is None:
        return None
    try:
        number = float(value[:40])
    except ValueError:
        number = math.nan
    if not least <= number <= most:
        raise BadQuestionError(f"{name} must be a number from {least:g} to {most:.0f}")
    return number
