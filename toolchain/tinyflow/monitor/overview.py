"""What is known of a board now, in the figures that a person looks for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tinyflow.artifacts import MetricRow
from tinyflow.monitor.alerts import END, PREFIX, is_alert

CONFIDENCE_BINS = 10


@dataclass
class Overview:
    """One board: the latest row of each name, and how it is.

    `state` is starting, live, gone, refused or failed; `note` says why. `seen` is when it last said
    something, seconds since the epoch.
    """

    board: str
    device: str = ""
    state: str = "starting"
    note: str = ""
    seen: float | None = None
    latest: dict[str, MetricRow] = field(default_factory=dict)
    alerts: dict[str, MetricRow] = field(default_factory=dict)

    def take(self, rows: Iterable[MetricRow]) -> None:
        """Look at new rows of this board."""
        for row in rows:
            if is_alert(row):
                self.alerts[row.name.removeprefix(PREFIX)] = row
            elif row.name.startswith(PREFIX) and row.name.endswith(END):
                self.alerts.pop(row.name.removeprefix(PREFIX).removesuffix(END), None)
            else:
                self.latest[row.name] = row
                if row.name == "inferences":
                    self.seen = row.time

    def value(self, name: str) -> float | None:
        """The latest value of that name."""
        row = self.latest.get(name)
        return row.value if row is not None else None

    @property
    def latency(self) -> tuple[float, float, str] | None:
        """The 50th and 99th percentile and their unit: time where the board knows it, else counts.

        They are lower ends of the histogram's buckets.
        """
        for name in ("latency_us", "count"):
            half, most = self.latest.get(f"{name}_p50"), self.latest.get(f"{name}_p99")
            if half is not None and most is not None:
                return half.value, most.value, half.unit
        return None

    @property
    def confidence(self) -> float | None:
        """The mean of the largest output, 0 to 1, from the middles of the histogram's bins."""
        bins = [self.value(f"confidence_{index}") or 0.0 for index in range(CONFIDENCE_BINS)]
        total = sum(bins)
        if not total:
            return None
        middles = ((index + 0.5) / CONFIDENCE_BINS for index in range(CONFIDENCE_BINS))
        return sum(middle * count for middle, count in zip(middles, bins, strict=True)) / total

    @property
    def drift(self) -> tuple[float, float] | None:
        """The score that is nearest to its limit, or furthest beyond it, and that limit."""
        found: list[tuple[float, float]] = []
        for name in ("drift_input", "drift_output"):
            score, limit = self.value(name), self.value(f"{name}_limit")
            if score is not None and limit:
                found.append((score, limit))
        return max(found, key=lambda pair: pair[0] / pair[1], default=None)
