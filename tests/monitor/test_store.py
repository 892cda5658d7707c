"""The store of metric rows, and what can happen to its file."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import time
from pathlib import Path

import pytest

from tinyflow import process
from tinyflow.artifacts import MetricRow
from tinyflow.errors import ProjectError
from tinyflow.monitor import Store, store


def row(number: int, name: str = "latency", run: str = "r", board: str = "native") -> MetricRow:
    return MetricRow(run, board, "device", name, float(number), "cycles", 1000.0 + number)


def test_rows_come_back_as_they_were(tmp_path: Path) -> None:
    rows = [row(0), row(1, name="accuracy é"), MetricRow("r", "b", "host", "x", -1.5e-300, "", 2.0)]
    with Store(tmp_path / "rows.sqlite") as kept:
        kept.append(rows)
        kept.append([])
        assert kept.read() == rows
    with Store(tmp_path / "rows.sqlite") as kept:
        assert kept.read() == rows


def test_reading_takes_what_matches(tmp_path: Path) -> None:
    with Store(tmp_path / "rows.sqlite") as kept:
        kept.append([row(n, name=f"m{n % 2}", run=f"r{n % 3}") for n in range(12)])
        assert [r.value for r in kept.read(name="m1", run="r0")] == [3, 9]
        assert [r.value for r in kept.read(since=1010.0)] == [10, 11]
        assert [r.value for r in kept.read(limit=2)] == [10, 11]
        assert kept.read(board="none") == []
        assert len(kept.read(where="device", board="native")) == 12
        assert kept.read(name="' OR 1 --") == []


def test_the_oldest_rows_go_first(tmp_path: Path) -> None:
    with Store(tmp_path / "rows.sqlite", max_rows=50) as kept:
        for start in range(0, 500, 10):
            kept.append([row(start + n) for n in range(10)])
        values = [r.value for r in kept.read(limit=1000)]
    assert values == list(range(int(values[0]), 500))
    assert 50 <= len(values) <= 100


def test_two_may_append_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "rows.sqlite"
    with Store(path) as one, Store(path) as other:
        for n in range(20):
            one.append([row(n)])
            other.append([row(n)])
        assert len(one.read()) == len(other.read()) == 40


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.sqlite"
    path.write_bytes(b"this is a diary, not a database" * 100)
    with pytest.raises(ProjectError, match="no store of metric rows, or it is damaged"):
        Store(path)
    assert path.read_bytes().startswith(b"this is a diary")


def test_a_damaged_store_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "rows.sqlite"
    with Store(path) as kept:
        kept.append([row(n) for n in range(500)])
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(ProjectError, match=r"damaged|cannot be used"), Store(path) as kept:
        kept.read()


def test_a_newer_store_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.sqlite"
    Store(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ProjectError, match="written by a newer tinyflow"):
        Store(path)


def test_a_place_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="cannot be used"):
        Store(tmp_path / "none" / "rows.sqlite")


def test_a_locked_store_is_reported_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "BUSY_SECONDS", 0.2)
    path = tmp_path / "rows.sqlite"
    with Store(path) as kept:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with pytest.raises(ProjectError, match="is locked by another program"):
            kept.append([row(1)])
        assert time.monotonic() - began < 5
        other.execute("ROLLBACK")
        other.close()
        kept.append([row(2)])
        assert [r.value for r in kept.read()] == [2]


def test_a_full_disk_keeps_what_was_there(tmp_path: Path) -> None:
    with Store(tmp_path / "rows.sqlite") as kept:
        kept.append([row(1)])
        # SQLite's own limit gives the error that a full disk gives.
        (pages,) = kept._connection.execute("PRAGMA page_count").fetchone()
        kept._connection.execute(f"PRAGMA max_page_count = {pages + 1}")
        with pytest.raises(ProjectError, match="cannot grow: the disk is full"):
            kept.append([row(n) for n in range(10_000)])
        assert [r.value for r in kept.read()] == [1]
        kept._connection.execute("PRAGMA max_page_count = 100000")
        kept.append([row(2)])
        assert [r.value for r in kept.read()] == [1, 2]


def test_rows_that_cannot_be_kept_keep_none_of_the_rest(tmp_path: Path) -> None:
    broken = MetricRow("r", "b", "device", "x", None, "", 1.0)  # type: ignore[arg-type]
    with Store(tmp_path / "rows.sqlite") as kept:
        with pytest.raises(ProjectError):
            kept.append([row(1), row(2), broken])
        assert kept.read() == []


WRITER = """
import sys
from pathlib import Path
from tinyflow.artifacts import MetricRow
from tinyflow.monitor import Store
with Store(Path(sys.argv[1])) as store:
    batch = 0
    while True:
        store.append([MetricRow("r", "b", "device", f"m{n}", batch, "", 0.0) for n in range(100)])
        batch += 1
        print(batch, flush=True)
"""


def test_kill_leaves_whole_batches(tmp_path: Path) -> None:
    path = tmp_path / "rows.sqlite"
    child = process.start([sys.executable, "-c", WRITER, str(path)], stderr=None)
    assert child.stdout is not None
    try:
        told = 0
        while told < 20:
            told = int(child.stdout.readline())
        os.kill(child.pid, signal.SIGKILL)
    finally:
        process.stop(child)
    with Store(path) as kept:
        rows = kept.read(limit=1_000_000)
    assert len(rows) % 100 == 0
    assert len(rows) >= 100 * told
    for start in range(0, len(rows), 100):
        batch = rows[start : start + 100]
        assert [r.name for r in batch] == [f"m{n}" for n in range(100)]
        assert {r.value for r in batch} == {start / 100}
