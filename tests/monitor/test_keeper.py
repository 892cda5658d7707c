"""Rows wait while the store takes none, and none of them is lost or doubled."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinyflow.artifacts import MetricRow, RunDocument
from tinyflow.errors import ProjectError
from tinyflow.monitor.keeper import RETRY_SECONDS, Keeper
from tinyflow.monitor.store import NoRoomError, Store


def rows(start: int, count: int = 10) -> list[MetricRow]:
    return [MetricRow("r", "b", "device", "n", start + n, "", 0.0) for n in range(count)]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def limit(store: Store, more_pages: int | None) -> None:
    """SQLite's own limit gives the error that a full disk gives."""
    (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
    most = 1_000_000 if more_pages is None else pages + more_pages
    store._connection.execute(f"PRAGMA max_page_count = {most}")


def test_rows_wait_for_room_in_order(tmp_path: Path) -> None:
    clock = Clock()
    with Store(tmp_path / "rows.sqlite") as store:
        keeper = Keeper(store, clock=clock)
        keeper.keep(rows(0))
        limit(store, 0)
        at = 10
        while keeper.trouble is None:
            keeper.keep(rows(at, 500), [RunDocument("r", "b", "", at, {})])
            at += 500
        assert "the disk is full" in str(keeper.trouble)
        assert keeper.waiting == 500
        keeper.keep(rows(at, 5))  # not tried again at once
        assert keeper.waiting == 505
        limit(store, None)
        clock.now += RETRY_SECONDS
        keeper.keep(rows(at + 5, 5))
        assert keeper.trouble is None
        assert (keeper.waiting, keeper.lost, keeper.kept) == (0, 0, at + 10)
        keeper.close()
        assert [row.value for row in store.read(limit=100_000)] == list(range(at + 10))
        assert [item.started for item in store.documents()] == [at - 500]


def test_what_waits_is_bounded_and_what_is_lost_is_told(tmp_path: Path) -> None:
    with Store(tmp_path / "rows.sqlite") as store:
        keeper = Keeper(store, most=1000)
        limit(store, 0)
        keeper.keep(rows(0, 700), [RunDocument("r", "b", "", 1.0, {})])
        keeper.keep(rows(700, 700))
        assert keeper.trouble is not None
        assert (keeper.waiting, keeper.lost) == (700, 700)
        with pytest.raises(NoRoomError, match="1,400 rows of this run were lost"):
            keeper.close()
        limit(store, None)
        keeper.close()
        assert [row.value for row in store.read()] == list(range(700, 1400))
        assert len(store.documents()) == 1


def test_a_store_that_is_damaged_is_not_waited_for(tmp_path: Path) -> None:
    with Store(tmp_path / "rows.sqlite") as store:
        keeper = Keeper(store)
        with pytest.raises(ProjectError):
            keeper.keep([MetricRow("r", "b", "device", "x", None, "", 1.0)])  # type: ignore[arg-type]
        keeper.close()
