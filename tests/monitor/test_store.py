"""The store of metric rows, and what can happen to its file."""

from __future__ import annotations

import dataclasses
import os
import random
import signal
import sqlite3
import sys
import time
from pathlib import Path

import pytest

from tinyflow import process
from tinyflow.artifacts import MetricRow, RunDocument
from tinyflow.errors import ProjectError
from tinyflow.monitor import Store, layout, store
from tinyflow.monitor.store import NoRoomError


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


def test_boards_of_one_kind_are_told_apart(tmp_path: Path) -> None:
    rows = [dataclasses.replace(row(n), device=f"native-{n % 2}") for n in range(4)]
    with Store(tmp_path / "rows.sqlite") as kept:
        kept.append(rows)
        assert kept.read(device="native-1") == [rows[1], rows[3]]


def test_a_run_is_described_once(tmp_path: Path) -> None:
    first = RunDocument("r", "native", "native-1", 10.0, {"labels": ["é", "b"], "arena": []})
    other = RunDocument("s", "native", "", 20.0, {})
    newer = dataclasses.replace(first, document={"labels": []})
    with Store(tmp_path / "rows.sqlite") as kept:
        kept.append([row(1)], [first, other])
        assert kept.documents() == [other, first]
        kept.append([], [newer])
        assert kept.documents(run="r") == [newer]
        assert kept.documents(limit=1) == [other]


def test_what_describes_rows_that_are_gone_goes_as_well(tmp_path: Path) -> None:
    with Store(tmp_path / "rows.sqlite", max_rows=10) as kept:
        for n in range(5):
            kept.append(
                [row(100 * n + i, run=f"r{n}") for i in range(10)],
                [RunDocument(f"r{n}", "native", "", 1000.0 + 100 * n, {})],
            )
        assert [item.run for item in kept.documents()] == ["r4"]


def test_a_reader_follows(tmp_path: Path) -> None:
    path = tmp_path / "rows.sqlite"
    with Store(path) as writer, Store(path) as reader:
        assert reader.last() == 0
        assert reader.after(0) == (0, [])
        writer.append([row(n) for n in range(5)])
        at, rows = reader.after(0, limit=3)
        assert [r.value for r in rows] == [0, 1, 2]
        writer.append([row(5)])
        at, rows = reader.after(at)
        assert [r.value for r in rows] == [3, 4, 5]
        assert at == reader.last() == 6


VERSION_1 = """
CREATE TABLE metric (id INTEGER PRIMARY KEY, run TEXT NOT NULL, board TEXT NOT NULL,
    place TEXT NOT NULL, name TEXT NOT NULL, value REAL NOT NULL, unit TEXT NOT NULL,
    time REAL NOT NULL);
CREATE INDEX metric_by_name ON metric (name, board, time);
CREATE INDEX metric_by_run ON metric (run);
INSERT INTO metric VALUES (7, 'r', 'native', 'device', 'latency', 3.0, 'cycles', 1003.0);
PRAGMA user_version = 1;
"""


def version_1(path: Path) -> Path:
    connection = sqlite3.connect(path)
    connection.executescript(VERSION_1)
    connection.close()
    return path


def test_a_store_of_version_1_is_brought_up(tmp_path: Path) -> None:
    path = version_1(tmp_path / "rows.sqlite")
    for _ in range(2):
        with Store(path) as kept:
            assert kept.read() == [row(3)]
            assert kept.documents() == []


def test_what_ends_in_the_middle_of_bringing_it_up_leaves_version_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = version_1(tmp_path / "rows.sqlite")
    statements = layout._STEPS[1]
    with monkeypatch.context() as patch:
        patch.setitem(layout._STEPS, 1, (*statements, "NOT SQL"))
        with pytest.raises(ProjectError):
            Store(path)
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert connection.execute("SELECT * FROM metric").fetchall()[0][4:6] == ("latency", 3.0)
    connection.close()
    with Store(path) as kept:
        assert kept.read() == [row(3)]


def test_the_log_does_not_grow_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that is always there keeps SQLite from beginning the log anew by itself."""
    monkeypatch.setattr(store, "WAL_BYTES", 100_000)
    path = tmp_path / "rows.sqlite"
    log = path.with_name("rows.sqlite-wal")
    with Store(path, max_rows=1000) as kept:
        kept._connection.execute("PRAGMA wal_autocheckpoint = 0")
        sizes = []
        for _ in range(20):
            kept.append([row(n) for n in range(1000)])
            sizes.append(log.stat().st_size)
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM metric").fetchone()
        for _ in range(3):
            kept.append([row(n) for n in range(1000)])  # the reader is in the way: no error
        assert log.stat().st_size > 100_000
        reader.execute("COMMIT")
        reader.close()
        kept.append([row(n) for n in range(1000)])
        assert log.stat().st_size < 100_000
    assert max(sizes) < 500_000


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
    with pytest.raises(ProjectError, match="cannot be opened"):
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
        with pytest.raises(NoRoomError, match="is locked by another program"):
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
        with pytest.raises(NoRoomError, match="cannot grow: the disk is full"):
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


SHORT_OF_ROOM = """
import resource, sys
from pathlib import Path
from tinyflow.artifacts import MetricRow
from tinyflow.monitor import Store
from tinyflow.monitor.store import NoRoomError
rows = [MetricRow("r", "b", "device", f"m{n}", n, "", 0.0) for n in range(1000)]
with Store(Path(sys.argv[1])) as store:
    store.append(rows)
    limit = Path(sys.argv[1] + "-wal").stat().st_size + 10_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        store.append(rows)
    except NoRoomError as error:
        print(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    store.append(rows)
    print(len(store.read()))
"""


def test_a_file_that_may_not_grow_keeps_what_was_there(tmp_path: Path) -> None:
    """The system's own limit, which ends a write in its middle."""
    path = tmp_path / "rows.sqlite"
    done = process.run([sys.executable, "-c", SHORT_OF_ROOM, str(path)], timeout=60)
    assert "rows.sqlite cannot be written: disk I/O error" in done.stdout
    assert done.stdout.splitlines()[-1] == "2000"


WRITER = """
import sys
from pathlib import Path
from tinyflow.artifacts import MetricRow
from tinyflow.monitor import Store
with Store(Path(sys.argv[1]), max_rows=1_000_000) as store:
    batch = store.last() // 100
    print(batch, flush=True)
    while True:
        store.append([MetricRow("r", "b", "device", f"m{n}", batch, "", 0.0) for n in range(100)])
        batch += 1
        print(batch, flush=True)
"""


def killed(path: Path, seconds: float) -> int:
    """How many batches a child had told of when it was killed, `seconds` after its first."""
    child = process.start([sys.executable, "-c", WRITER, str(path)], stderr=None)
    assert child.stdout is not None
    try:
        child.stdout.readline()
        time.sleep(seconds)
        os.kill(child.pid, signal.SIGKILL)
        told = child.stdout.read().split(b"\n")[:-1]
    finally:
        process.stop(child)
    return int(told[-1]) if told else 0


def test_kill_at_any_moment_leaves_whole_batches(tmp_path: Path) -> None:
    path = tmp_path / "rows.sqlite"
    chance = random.Random(6)
    told = 0
    for _ in range(8):
        told = max(told, killed(path, chance.uniform(0, 0.12)))
        with Store(path) as kept:
            assert kept.last() % 100 == 0
            assert kept.last() >= 100 * told
    with Store(path) as kept:
        (sound,) = kept._connection.execute("PRAGMA integrity_check").fetchone()
        rows = kept.read(limit=1_000_000)
    assert sound == "ok"
    assert told > 8
    for start in range(0, len(rows), 100):
        batch = rows[start : start + 100]
        assert [r.name for r in batch] == [f"m{n}" for n in range(100)]
        assert {r.value for r in batch} == {start / 100}
