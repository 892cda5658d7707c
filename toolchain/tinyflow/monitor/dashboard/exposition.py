"""The newest row of every name in Prometheus' text format.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from itertools import groupby

from tinyflow.artifacts import MetricRow

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# A board that has said nothing for this long is left out, so that Prometheus sees it end.
STALE_SECONDS = 300.0

# Names of rows that count since the board started. What they are numbered by becomes a label.
_COUNTS = frozenset(
    (
        "inferences",
        "deadline_misses",
        "frames_damaged",
        "class",
        "class_other",
        "confidence",
        "windows",
        "windows_dropped",
        "sensor_gaps",
        "drift_alarms",
        "restarts",
    )
)
_NUMBERED = re.compile(r"(class|confidence|input|layer)_(\d{1,6})(_.*)?")
_LABELS = {"class": "class", "confidence": "bin", "input": "channel", "layer": "layer"}
_NOT_OF_A_NAME = re.compile(r"[^a-zA-Z0-9_]")


def text(rows: Iterable[MetricRow]) -> str:
    """The page that Prometheus reads, of rows that are the newest of their kind each."""
    samples = sorted(_sample(row) for row in rows)
    lines: list[str] = []
    last = ""
    for (name, kind), group in groupby(samples, key=lambda sample: sample[:2]):
        if name == last:
            continue  # a gauge that is called as a counter: a name has one type
        last = name
        members = list(group)
        units = sorted({unit for *_, unit in members if unit})
        lines.append(f"# HELP {name} {_help(' or '.join(units))}")
        lines.append(f"# TYPE {name} {kind}")
        seen: set[str] = set()
        for _, _, labels, value, _ in members:
            # Two rows whose names are one to Prometheus: it refuses a page with doubles.
            if labels not in seen:
                seen.add(labels)
                lines.append(f"{name}{{{labels}}} {_number(value)}")
    return "".join(f"{line}\n" for line in lines)


def _sample(row: MetricRow) -> tuple[str, str, str, float, str]:
    """A row's name, type, labels, value and unit."""
    stem, extra = row.name, ""
    if match := _NUMBERED.fullmatch(row.name):
        stem = match[1] + (match[3] or "")
        extra = f',{_LABELS[match[1]]}="{match[2]}"'
    counts = stem in _COUNTS
    labels = ",".join(
        f'{name}="{_escape(value)}"'
        for name, value in (
            ("board", row.board),
            ("device", row.device),
            ("run", row.run),
            ("where", row.where),
        )
    )
    name = "tinyflow_" + _NOT_OF_A_NAME.sub("_", stem) + ("_total" if counts else "")
    return name, "counter" if counts else "gauge", labels + extra, row.value, row.unit


def _help(unit: str) -> str:
    words = f"In {unit}." if unit else "Without a unit."
    return words.replace("\\", r"\\").replace("\n", r"\n")


def _escape(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return "NaN" if math.isnan(value) else repr(value)
