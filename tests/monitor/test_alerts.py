"""Alerts: one state is one alert, and it ends."""

from __future__ import annotations

import dataclasses
import random

import pytest

from tinyflow.artifacts import MetricRow
from tinyflow.config import AlertsConfig, BudgetConfig
from tinyflow.errors import ProjectError
from tinyflow.monitor import condition
from tinyflow.monitor.alerts import Alert, Alerts

CONFIG = AlertsConfig(calm_seconds=10)
BUDGET = BudgetConfig(latency_us=100)


def rows(**values: float) -> list[MetricRow]:
    units = {"latency_us_mean": "us", "count_mean": "cycles"}
    found = {"inferences": 1.0, **values}
    return [
        MetricRow("r", "native", "device", name, value, units.get(name, ""), 0.0, "native-1")
        for name, value in found.items()
    ]


class Board:
    """Tells one set of rows a second."""

    def __init__(self, config: AlertsConfig = CONFIG, budget: BudgetConfig = BUDGET) -> None:
        self.alerts = Alerts(config, budget, "r", "native", "native-1")
        self.now = 1000.0
        self.raised: list[Alert] = []

    def tell(self, seconds: int = 1, **values: float) -> list[tuple[str, float]]:
        """The alerts of the next seconds, by the names and values of their rows."""
        raised = []
        for _ in range(seconds):
            self.now += 1
            raised += self.alerts.hear(rows(**values), self.now)
        self.raised += raised
        return [(alert.row().name, alert.row().value) for alert in raised]

    def silence(self, seconds: int) -> list[tuple[str, float]]:
        raised = []
        for _ in range(seconds):
            self.now += 1
            raised += self.alerts.tick(self.now)
        return [(alert.row().name, alert.row().value) for alert in raised]


def test_drift_is_raised_once_and_ends_once() -> None:
    board = Board()
    calm = {"drift_input": 0.1, "drift_input_limit": 0.25}
    bad = {**calm, "drift_input": 0.3}
    assert board.tell(5, **calm) == []
    assert board.tell(30, **bad) == [("alert_drift", 0.3)]
    assert board.alerts.active == ("drift",)
    assert board.tell(10, **calm) == []
    assert board.tell(5, **calm) == [("alert_drift_end", 39.0)]
    assert board.alerts.active == ()
    begin, end = board.raised
    assert begin.text == "native-1: drift 0.3 psi, limit 0.25"
    assert end.text == "native-1: drift is well again after 39 s"


def test_a_figure_that_swings_around_its_limit_is_one_alert() -> None:
    board = Board()
    chance = random.Random(1)
    names = []
    for _ in range(600):
        score = 0.25 + chance.uniform(-0.02, 0.02)
        names += board.tell(drift_input=score, drift_input_limit=0.25)
    assert [name for name, _ in names] == ["alert_drift"]


def test_one_window_over_its_limit_is_chance_and_two_are_not() -> None:
    board = Board()
    limit = {"drift_input_limit": 0.25}
    assert board.tell(drift_input=0.9, drift_windows=1, **limit) == []
    # The same window, told again and again, is not another one.
    assert board.tell(50, drift_input=0.9, drift_windows=1, **limit) == []
    assert board.tell(drift_input=0.1, drift_windows=2, **limit) == []
    assert board.tell(drift_input=0.9, drift_windows=3, **limit) == []
    assert board.tell(drift_input=0.8, drift_windows=4, **limit) == [("alert_drift", 0.8)]


def test_the_worse_of_input_and_output_drift_counts() -> None:
    board = Board()
    both = {"drift_input": 0.1, "drift_input_limit": 0.25, "drift_output_limit": 0.1}
    assert board.tell(2, drift_output=0.2, **both) == [("alert_drift", 0.2)]


def test_latency_is_that_of_the_latest_inferences() -> None:
    """The mean of a million quick ones would hide it."""
    board = Board()
    assert board.tell(inferences=1_000_000, latency_us_mean=50) == []
    total = 50 * 1_000_000 + 20 * 300
    found = board.tell(inferences=1_000_020, latency_us_mean=total / 1_000_020)
    assert [(name, round(value)) for name, value in found] == [("alert_latency", 300)]
    # A restart begins at nothing, and no inference is no news.
    assert board.tell(20, inferences=0) == []
    assert board.tell(inferences=10, latency_us_mean=40) == []
    assert board.tell(30, inferences=10, latency_us_mean=40) == []
    quick = [board.tell(inferences=20 + n, latency_us_mean=40) for n in range(15)]
    assert [name for found in quick for name, _ in found] == ["alert_latency_end"]


def test_counts_have_a_budget_of_their_own() -> None:
    board = Board(budget=BudgetConfig(count_per_inference=1000))
    assert board.tell(count_mean=1100, latency_us_mean=1e9) == [("alert_latency", 1100)]
    assert board.raised[0].unit == "cycles"


def test_new_deadline_misses_count_and_old_ones_do_not() -> None:
    board = Board()
    assert board.tell(100, deadline_misses=7) == []  # of before the monitor came
    assert board.tell(deadline_misses=9) == [("alert_deadline", 2)]
    assert board.tell(59, deadline_misses=9) == []
    assert board.tell(15, deadline_misses=9) == [("alert_deadline_end", 71.0)]
    # Since a restart, which is where the counter begins again.
    assert board.tell(deadline_misses=1) == [("alert_deadline", 1)]


def test_restarts_in_a_row_are_a_loop_and_single_ones_are_not() -> None:
    board = Board()
    for restarts in range(10):
        assert board.tell(160, restarts=restarts) == []
    assert board.tell(400, restarts=9) == []
    names = [board.tell(20, restarts=restarts) for restarts in range(10, 14)]
    assert [name for found in names for name, _ in found] == ["alert_restarts"]


def test_a_silent_board_is_told_of_until_it_speaks() -> None:
    board = Board(dataclasses.replace(CONFIG, silent_seconds=30))
    board.tell(5)
    assert board.silence(30) == []
    assert board.silence(100) == [("alert_silent", 31.0)]
    assert board.tell(20) == [("alert_silent_end", 110.0)]


def test_a_board_that_never_spoke_is_silent() -> None:
    board = Board()
    assert [name for name, _ in board.silence(60)] == ["alert_silent"]


def test_rules_that_are_off_say_nothing() -> None:
    off = AlertsConfig(drift=0, latency=0, deadline_misses=0, restarts=0, silent_seconds=0)
    board = Board(off)
    for number in range(20):
        assert not board.tell(
            drift_input=9, drift_input_limit=0.1, latency_us_mean=1e9, deadline_misses=number,
            restarts=number, inferences=number,
        )  # fmt: skip
    assert board.silence(1000) == []


@pytest.mark.parametrize(
    ("text", "name", "value", "holds"),
    [
        ("drift_input > 0.25", "drift_input", 0.3, True),
        ("drift_input>0.25", "drift_input", 0.25, False),
        (" inferences >= 1e3 ", "inferences", 1000, True),
        ("inferences >= 1000", "inferences_", 2000, False),
        ("latency_us_p99 <= -.5", "latency_us_p99", -0.5, True),
        ("uptime_ms < 5", "uptime_ms", 4.5, True),
        ("restarts != 0", "restarts", 1, True),
        ("restarts == 0", "restarts", 1, False),
        ("alert", "alert_drift", 0.3, True),
        ("alert", "alert_drift_end", 12, False),
        ("alert_drift", "alert_silent", 1, False),
        ("alert_silent", "alert_silent", 1, True),
        ("alert >", "alert_silent", 1, None),
        ("inferences > nan", "inferences", 1, None),
        ("inferences > 1e999", "inferences", 1, None),
        ("1 < inferences", "inferences", 1, None),
        ("inferences > 1 and x < 2", "inferences", 1, None),
        ("__import__('os')", "inferences", 1, None),
        ("a" * 300, "a", 1, None),
        ("", "", 1, None),
    ],
)
def test_conditions(text: str, name: str, value: float, holds: bool | None) -> None:
    row = MetricRow("r", "b", "device", name, value, "", 0.0)
    if holds is None:
        with pytest.raises(ProjectError, match="is no condition"):
            condition.parse(text)
    else:
        assert condition.parse(text).holds(row) is holds


def test_an_alert_that_no_rule_raises_is_not_waited_for() -> None:
    with pytest.raises(ProjectError, match="no alert_drfit, did you mean alert_drift"):
        condition.parse("alert_drfit")


def test_an_unmet_condition_says_what_there_was() -> None:
    found = rows(inferences=12)
    assert condition.parse("inferences > 50").unmet(found) == ["the last inferences: native-1 12"]
    assert condition.parse("inferencs > 50").unmet(found) == [
        "no row inferencs came, did you mean inferences?"
    ]
    assert condition.parse("alert").unmet(found) == ["no such alert was raised"]
