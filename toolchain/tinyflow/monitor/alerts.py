"""Alerts: what a board's rows must not say. Each has a row when it begins and one when it ends.

`alert_<rule>` has the value that was found, `alert_<rule>_end` the seconds that it lasted. One that
has begun ends only when its figure has been at most CALM of its limit for `calm_seconds`, so that
a figure that swings around the limit is one alert.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tinyflow.artifacts import MetricRow
from tinyflow.config import AlertsConfig, BudgetConfig

PREFIX = "alert_"
END = "_end"
CALM = 0.9
MISSES_SECONDS = 60.0
# The most that is remembered for a rule over time: five minutes at twelve a second.
MAX_KEPT = 3600

RULES = ("drift", "latency", "deadline", "restarts", "silent")


def is_alert(row: MetricRow) -> bool:
    """Whether the row says that an alert begins."""
    return row.name.startswith(PREFIX) and not row.name.endswith(END)


@dataclass(frozen=True)
class Alert:
    """An alert that begins, or ends after `seconds`. `value` is what was found, against `limit`."""

    rule: str
    board: str
    device: str
    run: str
    value: float
    limit: float
    unit: str
    time: float
    ends: bool = False
    seconds: float = 0.0

    def row(self) -> MetricRow:
        """The alert as a row."""
        name = f"{PREFIX}{self.rule}" + (END if self.ends else "")
        value, unit = (self.seconds, "s") if self.ends else (self.value, self.unit)
        return MetricRow(self.run, self.board, "device", name, value, unit, self.time, self.device)

    @property
    def text(self) -> str:
        """The alert for a person."""
        place = self.device or self.board
        if self.ends:
            return f"{place}: {self.rule} is well again after {self.seconds:.0f} s"
        found = f"{self.value:.6g} {self.unit}".rstrip()
        return f"{place}: {self.rule} {found}, limit {self.limit:.6g}"


@dataclass(frozen=True)
class _Found:
    """A figure and what it must not exceed, or reach where `reaching`."""

    value: float
    limit: float
    unit: str
    reaching: bool = False

    @property
    def bad(self) -> bool:
        return self.value >= self.limit if self.reaching else self.value > self.limit

    @property
    def calm(self) -> bool:
        return self.value < self.limit if self.reaching else self.value <= CALM * self.limit


@dataclass
class _State:
    """A rule that has begun: when, and since when it has been calm."""

    began: float
    calm_since: float | None = None


class _Growth:
    """How much a counter has grown within the last `seconds`; one that fell began again at 0."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._last: float | None = None
        self._steps: deque[tuple[float, float]] = deque(maxlen=MAX_KEPT)

    def of(self, value: float, now: float) -> float:
        """The growth, with the counter at `value`."""
        if self._last is not None and value != self._last:
            self._steps.append((now, value - self._last if value > self._last else value))
        self._last = value
        while self._steps and self._steps[0][0] < now - self._seconds:
            self._steps.popleft()
        return sum(step for _, step in self._steps)


class Alerts:
    """The rules for one board of one run. Times are seconds of a clock that only rises.

    `device` may become known later.
    """

    def __init__(
        self, config: AlertsConfig, budget: BudgetConfig, run: str, board: str, device: str
    ) -> None:
        self._config = config
        self._budget = budget
        self._run = run
        self._board = board
        self.device = device
        self._states: dict[str, _State] = {}
        self._seen: float | None = None
        self._before: tuple[float, float] | None = None  # inferences, total count
        self._windows: float | None = None
        self._drifted = False
        self._misses = _Growth(MISSES_SECONDS)
        self._restarts = _Growth(config.restart_minutes * 60)

    @property
    def active(self) -> tuple[str, ...]:
        """The rules that have begun and not ended."""
        return tuple(self._states)

    def hear(self, rows: Iterable[MetricRow], now: float) -> list[Alert]:
        """Take the rows of one telemetry; alerts that begin or end with it."""
        values = {row.name: row.value for row in rows}
        units = {row.name: row.unit for row in rows}
        if "inferences" not in values:
            return []
        self._seen = now
        found = {
            "drift": self._drift(values),
            "latency": self._latency(values, units),
            "deadline": self._deadline(values, now),
            "restarts": self._reset_loop(values, now),
        }
        return [*self._judge(found, now), *self.tick(now)]

    def tick(self, now: float) -> list[Alert]:
        """Alerts that begin or end because time passes."""
        if self._seen is None:
            self._seen = now  # a board that has never said anything is silent from the start
        limit = self._config.silent_seconds
        silent = _Found(now - self._seen, limit, "s") if limit else None
        return self._judge({"silent": silent}, now)

    def _drift(self, values: Mapping[str, float]) -> _Found | None:
        """The worse of both scores. One window in many is over its limit by chance: two of those
        that are heard of in a row must be.
        """
        windows, before = values.get("drift_windows"), self._windows
        if not self._config.drift or (windows is not None and windows == before):
            return None
        self._windows = windows
        worst: _Found | None = None
        for name in ("drift_input", "drift_output"):
            score, limit = values.get(name), values.get(f"{name}_limit", 0.0)
            if score is None or limit <= 0:
                continue
            found = _Found(score, limit * self._config.drift, "psi")
            if worst is None or found.value / found.limit > worst.value / worst.limit:
                worst = found
        confirmed, self._drifted = self._drifted, worst is not None and worst.bad
        if worst is not None and worst.bad and not confirmed:
            return None
        return worst

    def _latency(self, values: Mapping[str, float], units: Mapping[str, str]) -> _Found | None:
        """The mean of the inferences since the last time: of all, one would not see a change."""
        name, limit = "latency_us", self._budget.latency_us
        if f"{name}_mean" not in values or not limit:
            name, limit = "count", float(self._budget.count_per_inference)
        mean = values.get(f"{name}_mean")
        if mean is None or not limit or not self._config.latency:
            return None
        inferences = values["inferences"]
        total = mean * inferences
        before, self._before = self._before, (inferences, total)
        if before is not None and inferences >= before[0]:
            if inferences == before[0]:
                return None
            mean = max(0.0, (total - before[1]) / (inferences - before[0]))
        return _Found(mean, limit * self._config.latency, units[f"{name}_mean"])

    def _deadline(self, values: Mapping[str, float], now: float) -> _Found | None:
        misses = values.get("deadline_misses")
        if misses is None or not self._config.deadline_misses:
            return None
        new = self._misses.of(misses, now)
        return _Found(new, self._config.deadline_misses, "inferences", reaching=True)

    def _reset_loop(self, values: Mapping[str, float], now: float) -> _Found | None:
        restarts = values.get("restarts")
        if restarts is None or not self._config.restarts:
            return None
        new = self._restarts.of(restarts, now)
        return _Found(new, self._config.restarts, "restarts", reaching=True)

    def _judge(self, found: Mapping[str, _Found | None], now: float) -> list[Alert]:
        alerts = []
        for rule, figure in found.items():
            if figure is None:
                continue
            state = self._states.get(rule)
            if state is None:
                if figure.bad:
                    self._states[rule] = _State(now)
                    alerts.append(self._alert(rule, figure, now))
                continue
            if not figure.calm:
                state.calm_since = None
                continue
            if state.calm_since is None:
                state.calm_since = now
            if now - state.calm_since >= self._config.calm_seconds:
                del self._states[rule]
                alerts.append(self._alert(rule, figure, now, now - state.began))
        return alerts

    def _alert(self, rule: str, figure: _Found, now: float, lasted: float | None = None) -> Alert:
        return Alert(
            rule,
            self._board,
            self.device,
            self._run,
            figure.value,
            figure.limit,
            figure.unit,
            now,
            ends=lasted is not None,
            seconds=lasted or 0.0,
        )
