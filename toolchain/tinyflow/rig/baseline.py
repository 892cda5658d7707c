"""Figures of earlier runs, and whether those of today are worse.

The file is JSON with sorted keys, made to be kept with the tests: by test, board profile and name a
figure's value and unit. A `tolerance` that a person adds there holds in place of the test's.
"""

from __future__ import annotations

import json
import math
import numbers
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from tinyflow.errors import ProjectError

Better: TypeAlias = Literal["less", "more", "same"]
VERSION = 1
MAX_BYTES = 16 << 20


@dataclass(frozen=True)
class Figure:
    """One figure of a test on a board.

    `better` says whether less is better, more is, or only the same is right. `tolerance` is the
    share of the old value by which the new may be worse; 0 is not at all.
    """

    test: str
    board: str
    name: str
    value: float
    unit: str = ""
    better: Better = "less"
    tolerance: float = 0.0

    def __post_init__(self) -> None:
        if not _is_number(self.value):
            raise ProjectError(f"figure {self.name} is {self.value!r}, not a finite number")
        if self.better not in get_args(Better):
            known = ", ".join(get_args(Better))
            raise ProjectError(f"figure {self.name}: better is {known}, found {self.better!r}")
        if not _is_number(self.tolerance) or self.tolerance < 0:
            raise ProjectError(
                f"figure {self.name}: a tolerance is a share from 0, found {self.tolerance!r}"
            )

    def as_json(self) -> dict[str, Any]:
        """It as JSON takes it: of numpy's numbers it makes Python's."""
        return {**asdict(self), "value": _plain(self.value), "tolerance": _plain(self.tolerance)}


@dataclass(frozen=True)
class Verdict:
    """A figure beside its baseline. `old` and `limit` are None where there is none."""

    figure: Figure
    kind: Literal["new", "same", "better", "worse"]
    old: float | None = None
    limit: float | None = None

    def __str__(self) -> str:
        figure = self.figure
        unit = f" {figure.unit}" if figure.unit else ""
        text = f"{figure.name} on {figure.board}: {figure.value:.12g}{unit}"
        if self.old is None or self.limit is None:
            return f"{text}, no baseline"
        return f"{text}, the baseline is {self.old:.12g}, the limit {self.limit:.12g}"


class Baseline:
    """The figures of a file, or none."""

    def __init__(self, tests: Mapping[str, Any]) -> None:
        self._tests = tests

    def judge(self, figure: Figure) -> Verdict:
        """Whether the figure is worse than it was, by more than its tolerance."""
        kept = self._kept(figure)
        if kept is None:
            return Verdict(figure, "new")
        old = float(kept["value"])
        room = abs(old) * float(kept.get("tolerance", figure.tolerance))
        limit = old - room if figure.better == "more" else old + room
        change = figure.value - old
        gain = change if figure.better == "more" else -change
        if figure.better == "same":
            gain = -abs(change)
        if -gain > room:
            return Verdict(figure, "worse", old, limit)
        return Verdict(figure, "better" if gain > 0 else "same", old, limit)

    def _kept(self, figure: Figure) -> Mapping[str, Any] | None:
        found: Any = self._tests
        for key in (figure.test, figure.board, figure.name):
            found = found.get(key, {})
        return found or None

    def merged(self, figures: Iterable[Figure]) -> str:
        """The file's text with these figures in place of what it has of them.

        Of several boards of one kind the worst stands there. The order of `figures` does not
        matter.
        """
        worst: dict[tuple[str, str, str], Figure] = {}
        for figure in figures:
            key = (figure.test, figure.board, figure.name)
            if key not in worst or _is_worse(figure, worst[key]):
                worst[key] = figure
        tests = json.loads(json.dumps(self._tests))
        for (test, board, name), figure in worst.items():
            place = tests.setdefault(test, {}).setdefault(board, {})
            kept = {"value": _plain(figure.value), "unit": figure.unit}
            if "tolerance" in place.get(name, {}):
                kept["tolerance"] = place[name]["tolerance"]
            place[name] = kept
        return json.dumps({"version": VERSION, "tests": tests}, indent=1, sort_keys=True) + "\n"


def load_baseline(path: Path) -> Baseline:
    """The baseline in `path`; an empty one where there is no such file.

    Raises ProjectError where it is not one, with all that is wrong.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return Baseline({})
    except OSError as error:
        raise ProjectError(f"{path} cannot be read: {error.strerror}") from None
    if len(raw) > MAX_BYTES:
        raise ProjectError(f"{path} is larger than {MAX_BYTES} B")
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ProjectError(f"{path} is not valid JSON: {error}") from None
    if not isinstance(data, dict) or data.get("version") != VERSION:
        raise ProjectError(f"{path} is not a baseline of version {VERSION}")
    tests = data.get("tests")
    faults = list(_faults(tests))
    if faults:
        count = f"{len(faults)} figures" if len(faults) > 1 else "a figure"
        raise ProjectError(f"{path} has {count} to fix", faults)
    return Baseline(tests or {})


def save_baseline(path: Path, text: str) -> None:
    """Write the file in one step. Raises ProjectError where it cannot be written."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise ProjectError(f"{path} cannot be written: {error.strerror}") from None


def _is_number(value: Any) -> bool:
    """Whether it is a finite real number that a float can be; numpy's are some, True is none."""
    try:
        is_real = isinstance(value, numbers.Real) and not isinstance(value, bool)
        return is_real and math.isfinite(value)
    except OverflowError:
        return False


def _plain(value: float) -> float:
    """The number as one of Python's own, whole ones as int."""
    number = float(value)
    return int(number) if number.is_integer() else number


def _is_worse(one: Figure, other: Figure) -> bool:
    return one.value < other.value if one.better == "more" else one.value > other.value


def _faults(tests: Any) -> Iterable[str]:
    if not isinstance(tests, dict):
        yield f"tests: an object is needed, found {type(tests).__name__}"
        return
    for test, boards in tests.items():
        for board, figures in boards.items() if isinstance(boards, dict) else [("", None)]:
            for name, kept in figures.items() if isinstance(figures, dict) else [("", None)]:
                value = kept.get("value") if isinstance(kept, dict) else None
                tolerance = kept.get("tolerance", 0) if isinstance(kept, dict) else 0
                if not _is_number(value) or not _is_number(tolerance) or tolerance < 0:
                    yield f"{test} / {board} / {name}: {kept!r}"
