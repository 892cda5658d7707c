"""What the dashboard asks of a store."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import seeded_store

from tinyflow.artifacts import MetricRow
from tinyflow.errors import ProjectError
from tinyflow.monitor import Store
from tinyflow.monitor.dashboard import history
from tinyflow.monitor.dashboard.history import History, Series, Span

BOARD = Series("run", "native", "")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "metrics.sqlite"


@contextlib.contextmanager
def holding(path: Path, *rows: tuple[str, float, float]) -> Iterator[History]:
    """A history of rows of one board: name, value, time."""
    with Store(path) as store:
        store.append(
            MetricRow("run", "native", "device", name, value, "u", time)
            for name, value, time in rows
        )
    with contextlib.closing(History(path)) as found:
        yield found


def test_the_latest_run_comes_first(store: Path) -> None:
    with contextlib.closing(History(store)) as found:
        listed = [(item["run"], item["board"], item["device"]) for item in found.series()]
        first = found.series()[0]
    assert listed == [
        (seeded_store.RUN, "stm32f405", "3071355F3432"),
        (seeded_store.RUN, "qemu-m4", ""),
        (seeded_store.RUN, "esp32", "/dev/ttyUSB0"),
        (seeded_store.OLD_RUN, "stm32f405", "3071355F3432"),
    ]
    assert first["last"] - first["first"] == 300


def test_the_newest_row_of_every_name(path: Path) -> None:
    rows = [("a", 1.0, 10.0), ("b", 2.0, 10.0), ("a", 3.0, 11.0)]
    with holding(path, *rows) as found:
        assert [(row.name, row.value) for row in found.latest(BOARD)] == [("a", 3), ("b", 2)]
        assert found.latest(Series("run", "native", "other")) == []
        assert found.extent(BOARD, "a") == Span(10, 11)
        assert found.extent(BOARD, "none") is None


def test_many_rows_become_few_points_that_keep_the_extremes(path: Path) -> None:
    rows = [("x", float(n % 100), float(n)) for n in range(1000)]
    with holding(path, *rows) as found:
        points = found.points(BOARD, "x", Span(0, 999), 10)
        whole = found.points(BOARD, "x", Span(0, 4), 300)
    assert len(points) == 11  # the last is the end of the range itself
    assert [point[0] for point in points] == sorted(point[0] for point in points)
    assert points[0] == [99.0, 99.0, 49.5, 0.0, 99.0]
    assert min(point[3] for point in points) == 0
    assert max(point[4] for point in points) == 99
    assert whole == [[float(n)] + [float(n)] * 4 for n in range(5)]


def test_a_part_without_rows_has_no_point(path: Path) -> None:
    with holding(path, ("x", 1.0, 0.0), ("x", 2.0, 100.0)) as found:
        assert [p[0] for p in found.points(BOARD, "x", Span(0, 100), 50)] == [0, 100]
        assert found.points(BOARD, "x", Span(10, 20), 50) == []
        assert found.points(BOARD, "x", Span(5, 5), 50) == []


def test_alerts_and_restarts_are_marks(path: Path) -> None:
    rows = [
        ("uptime_ms", 1000.0, 1.0),
        ("reset_reason", 1.0, 1.0),
        ("alert_drift", 0.4, 2.0),
        ("uptime_ms", 50.0, 3.0),
        ("reset_reason", 7.0, 3.0),
        ("alerted", 1.0, 3.0),
        ("alert_drift_end", 1.5, 3.5),
        # The milliseconds begin anew after 49 days: no restart.
        ("uptime_ms", 2.0**32 - 500, 4.0),
        ("uptime_ms", 500.0, 5.0),
    ]
    with holding(path, *rows) as found:
        marks = found.marks(BOARD, Span(0, 10))
    assert marks == [
        {"time": 2.0, "kind": "alert", "name": "drift", "value": 0.4, "unit": "u"},
        {"time": 3.0, "kind": "reset", "name": "reset", "value": 7.0},
        {"time": 3.5, "kind": "end", "name": "drift", "value": 1.5, "unit": "u"},
    ]


def test_recent_rows_are_all_of_the_boards_that_live(path: Path) -> None:
    rows = [("a", 1.0, 5.0), ("a", 2.0, 20.0), ("layer_0_count", 1.0, 5.0), ("alert_x", 1.0, 5.0)]
    with Store(path) as store:
        store.append([MetricRow("run", "dead", "device", "a", 1.0, "", 5.0)])
    with holding(path, *rows) as found:
        recent = {(row.board, row.name, row.value) for row in found.recent(10.0)}
    assert recent == {("native", "a", 2.0), ("native", "layer_0_count", 1.0)}


def test_what_the_monitor_wrote_down(store: Path) -> None:
    with contextlib.closing(History(store)) as found:
        told = found.describe(Series(seeded_store.RUN, "esp32", "/dev/ttyUSB0"))
        assert found.describe(Series(seeded_store.RUN, "esp32", "other")) == {}
    assert told["labels"] == seeded_store.LABELS
    assert len(told["layers"]) == len(seeded_store.LAYERS)


def test_questions_go_by_the_index(store: Path) -> None:
    connection = sqlite3.connect(store)
    with contextlib.closing(connection):
        for question in (history._POINTS, history._ALERTS, history._RESTARTS, *history._EXTENT):
            values = ["x"] * question.count("?")
            plan = connection.execute(f"EXPLAIN QUERY PLAN {question}", values).fetchall()
            assert any("USING INDEX metric_by_series" in step[3] or "COVERING INDEX" in step[3]
                       for step in plan), plan  # fmt: skip
            assert not any(step[3] == "SCAN metric" for step in plan), plan


def test_a_missing_store_says_what_makes_one(path: Path) -> None:
    with pytest.raises(ProjectError, match="is not there") as caught:
        History(path)
    assert "tinyflow monitor" in str(caught.value)
    assert not path.exists()


def test_an_answer_that_takes_too_long_is_given_up(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [("x", 1.0, float(n)) for n in range(20_000)]
    with holding(path, *rows) as found:
        monkeypatch.setattr(history, "ANSWER_SECONDS", -1.0)
        with pytest.raises(ProjectError, match="did not answer within"):
            found.points(BOARD, "x", Span(0, 1e6), 300)
