"""What a monitor may be told to wait for: `drift_input > 0.25`, `alert`."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tinyflow.artifacts import MetricRow
from tinyflow.errors import ProjectError, near_miss
from tinyflow.monitor.alerts import PREFIX, RULES, is_alert

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}
MAX_TEXT = 200
_COMPARISON = re.compile(
    r"\s*(?P<name>[a-z][a-z0-9_]*)\s*(?P<operator>>=|<=|==|!=|>|<)\s*"
    r"(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*",
    re.I,
)
_EVENT = re.compile(rf"\s*(?P<name>alert|{PREFIX}[a-z]+)\s*")


@dataclass(frozen=True)
class Condition:
    """Holds of a row by its name and value; without an operator, of an alert that begins."""

    text: str
    name: str
    operator: str = ""
    number: float = 0.0

    @property
    def on_alerts(self) -> bool:
        """Whether alerts are what is waited for."""
        return not self.operator

    def holds(self, row: MetricRow) -> bool:
        """Whether this row is what was waited for."""
        if self.on_alerts:
            return is_alert(row) and self.name in ("alert", row.name)
        return row.name == self.name and _OPERATORS[self.operator](row.value, self.number)

    def unmet(self, found: Iterable[MetricRow]) -> list[str]:
        """Why it did not hold, for the reader; `found` are the latest rows."""
        rows = list(found)
        if self.on_alerts:
            return ["no such alert was raised"]
        values = [row for row in rows if row.name == self.name]
        if values:
            last = ", ".join(f"{row.device or row.board} {row.value:.10g}" for row in values)
            return [f"the last {self.name}: {last}"]
        close = near_miss(self.name, {row.name for row in rows})
        return [f"no row {self.name} came" + (f", did you mean {close}?" if close else "")]


def _known(event: str) -> str:
    """The name of an alert. Raises ProjectError where no rule is called so: it would never come."""
    names = ["alert", *(f"{PREFIX}{rule}" for rule in RULES)]
    if event not in names:
        close = near_miss(event, names)
        raise ProjectError(
            f"there is no {event}" + (f", did you mean {close}?" if close else ""),
            [f"known: {', '.join(names)}"],
        )
    return event


def parse(text: str) -> Condition:
    """The condition that `text` says. Raises ProjectError where it is none."""
    if len(text) <= MAX_TEXT:
        event = _EVENT.fullmatch(text)
        if event:
            return Condition(text.strip(), _known(event["name"]))
        found = _COMPARISON.fullmatch(text)
        if found and math.isfinite(number := float(found["number"])):
            return Condition(text.strip(), found["name"], found["operator"], number)
    raise ProjectError(
        f"{text[:MAX_TEXT]!r} is no condition",
        ["a row's name, one of > >= < <= == !=, and a number; or alert, or alert_<rule>"],
        ['--until "inferences >= 1000"', '--until "drift_input > 0.25"', "--until alert"],
    )
