"""Metric rows in an SQLite file.

Rows that are appended together are there together or not at all, also after kill -9: each append
is one transaction in a write-ahead log. Several processes may append and read at the same time.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType

from tinyflow.artifacts import MetricRow, RunDocument
from tinyflow.errors import ProjectError
from tinyflow.monitor import layout

BUSY_SECONDS = 5.0
MAX_ROWS = 2_000_000
DEFAULT_LIMIT = 10_000
# Old rows go in strides, so that counting and deleting is not done for every append.
PRUNE_EVERY = 1000
WAL_BYTES = 8 << 20
WAL_PATIENCE_MS = 200

_COLUMNS = "run, board, place, name, value, unit, time, device"


class NoRoomError(ProjectError):
    """The rows were not kept now, but may be later: the disk is full, or the file is locked."""


class Store:
    """The rows in `path`, made when it is not there. Close it, or use it in a `with` block.

    Beyond `max_rows` the oldest rows are deleted, a stride at a time. Raises ProjectError when the
    file is no store or is damaged, and NoRoomError when it stays locked for 5 s or the disk is
    full; what was appended before is kept. For one thread.
    """

    def __init__(self, path: Path, max_rows: int = MAX_ROWS) -> None:
        self.path = path
        self._max_rows = max_rows
        self._until_prune = 0
        with self._explained():
            # Autocommit: the transactions below are begun and ended by name.
            self._connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            with self._explained():
                self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        found = layout.version(self._connection, self.path)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        # A log that has grown is cut again once all of it is in the file.
        self._connection.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")
        if found < layout.VERSION:
            with self._transaction():
                layout.bring_up(self._connection, self.path)

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def append(self, rows: Iterable[MetricRow], documents: Iterable[RunDocument] = ()) -> None:
        """Keep all of `rows` and `documents`, or none of them and raise ProjectError.

        A document takes the place of one of the same run, board and device.
        """
        values = [
            (row.run, row.board, row.where, row.name, row.value, row.unit, row.time, row.device)
            for row in rows
        ]
        told = [
            (item.run, item.board, item.device, item.started, json.dumps(dict(item.document)))
            for item in documents
        ]
        with self._explained(), self._transaction():
            self._connection.executemany(
                f"INSERT INTO metric ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                values,
            )
            self._connection.executemany("REPLACE INTO run VALUES (?, ?, ?, ?, ?)", told)
            self._until_prune -= len(values)
            if prune := self._until_prune <= 0:
                self._prune()
        if prune:
            self._shorten_log()

    def _prune(self) -> None:
        self._until_prune = min(PRUNE_EVERY, self._max_rows)
        done = self._connection.execute(
            "DELETE FROM metric WHERE id <= (SELECT max(id) FROM metric) - ?", (self._max_rows,)
        )
        if done.rowcount:
            self._connection.execute(
                "DELETE FROM run WHERE started < (SELECT time FROM metric ORDER BY id LIMIT 1) "
                "AND NOT EXISTS (SELECT 1 FROM metric WHERE metric.run = run.run)"
            )

    def _shorten_log(self) -> None:
        """Write a long log into the file at once; SQLite alone never finds a moment to when there
        are always readers. One that stays in the way is left: the next stride tries again.
        """
        log = self.path.with_name(f"{self.path.name}-wal")
        with contextlib.suppress(OSError, sqlite3.Error):
            if log.stat().st_size > WAL_BYTES:
                self._connection.execute(f"PRAGMA busy_timeout = {WAL_PATIENCE_MS}")
                try:
                    self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                finally:
                    self._connection.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")

    def read(
        self,
        *,
        run: str | None = None,
        board: str | None = None,
        device: str | None = None,
        where: str | None = None,
        name: str | None = None,
        since: float | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> list[MetricRow]:
        """The latest `limit` rows that match everything given, oldest first.

        `since` is a time in seconds since the epoch.
        """
        given = {
            "run = ?": run,
            "board = ?": board,
            "device = ?": device,
            "place = ?": where,
            "name = ?": name,
            "time >= ?": since,
        }
        asked = {term: value for term, value in given.items() if value is not None}
        condition = " AND ".join(asked) or "1"
        with self._explained():
            found = self._connection.execute(
                f"SELECT {_COLUMNS} FROM metric "  # noqa: S608 - the terms above, no values
                f"WHERE {condition} ORDER BY id DESC LIMIT ?",
                (*asked.values(), limit),
            ).fetchall()
        return [MetricRow(*row) for row in reversed(found)]

    def last(self) -> int:
        """The number of the newest row, 0 where there is none."""
        with self._explained():
            (found,) = self._connection.execute("SELECT max(id) FROM metric").fetchone()
        return found or 0

    def after(self, number: int, limit: int = DEFAULT_LIMIT) -> tuple[int, list[MetricRow]]:
        """At most `limit` rows that came after row `number`, oldest first, and the last's number.

        This is how to follow a store: from `last`, again and again.
        """
        with self._explained():
            found = self._connection.execute(
                f"SELECT id, {_COLUMNS} FROM metric WHERE id > ? ORDER BY id LIMIT ?",  # noqa: S608
                (number, limit),
            ).fetchall()
        return (found[-1][0] if found else number), [MetricRow(*row[1:]) for row in found]

    def documents(self, *, run: str | None = None, limit: int = 100) -> list[RunDocument]:
        """The latest `limit` documents, of one run or of all, newest first."""
        with self._explained():
            found = self._connection.execute(
                "SELECT run, board, device, started, document FROM run "
                "WHERE ? IS NULL OR run = ? ORDER BY started DESC, rowid DESC LIMIT ?",
                (run, run, limit),
            ).fetchall()
        return [
            RunDocument(run, board, device, started, json.loads(document))
            for run, board, device, started, document in found
        ]

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """SQLite's errors as the reader's."""
        try:
            yield
        except sqlite3.Error as error:
            raise _explain(self.path, error) from None


def _explain(path: Path, error: sqlite3.Error) -> ProjectError:
    text = str(error)
    if "full" in text:
        return NoRoomError(
            f"{path} cannot grow: the disk is full",
            ["rows kept before are still there"],
            [f"df -h {path.parent}"],
        )
    if "disk I/O error" in text:
        return NoRoomError(
            f"{path} cannot be written: {text}",
            ["rows kept before are still there"],
            [f"df -h {path.parent}", "ulimit -f tells how large a file may become"],
        )
    if "locked" in text or "busy" in text:
        return NoRoomError(
            f"{path} is locked by another program for over {BUSY_SECONDS:g} s",
            (),
            [f"fuser -v {path} tells which"],
        )
    if "not a database" in text or "malformed" in text:
        return ProjectError(
            f"{path} is no store of metric rows, or it is damaged",
            [text],
            [f"mv {path} {path}.damaged", "the next run makes a new one"],
        )
    if "readonly" in text or "unable to open" in text:
        return ProjectError(
            f"{path} cannot be {'written' if 'readonly' in text else 'opened'}",
            ["the file and its folder must be writable, also for those who only read"],
            [f"ls -ld {path.parent} {path}"],
        )
    return ProjectError(f"{path} cannot be used: {text}")
