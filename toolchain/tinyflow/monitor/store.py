"""Metric rows in an SQLite file.

Rows that are appended together are there together or not at all, also after kill -9: each append
is one transaction in a write-ahead log. Several processes may append and read at the same time.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType

from tinyflow.artifacts import MetricRow
from tinyflow.errors import ProjectError

SCHEMA_VERSION = 1
BUSY_SECONDS = 5.0
MAX_ROWS = 2_000_000
DEFAULT_LIMIT = 10_000
# Old rows go in strides, so that counting and deleting is not done for every append.
PRUNE_EVERY = 1000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS metric (
    id INTEGER PRIMARY KEY,
    run TEXT NOT NULL,
    board TEXT NOT NULL,
    place TEXT NOT NULL,
    name TEXT NOT NULL,
    value REAL NOT NULL,
    unit TEXT NOT NULL,
    time REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS metric_by_name ON metric (name, board, time);
CREATE INDEX IF NOT EXISTS metric_by_run ON metric (run);
"""


class Store:
    """The rows in `path`, made when it is not there. Close it, or use it in a `with` block.

    Beyond `max_rows` the oldest rows are deleted, a stride at a time. Raises ProjectError when the
    file is no store, is damaged, stays locked for 5 s, or when the disk is full; what was appended
    before is kept.
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
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise ProjectError(
                f"{self.path} was written by a newer tinyflow",
                [f"it has version {version}, this tinyflow knows up to {SCHEMA_VERSION}"],
            )
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        if version < SCHEMA_VERSION:
            self._connection.executescript(
                f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
            )

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

    def append(self, rows: Iterable[MetricRow]) -> None:
        """Keep all of `rows`, or none of them and raise ProjectError."""
        values = [
            (row.run, row.board, row.where, row.name, row.value, row.unit, row.time) for row in rows
        ]
        with self._explained(), self._transaction():
            self._connection.executemany(
                "INSERT INTO metric (run, board, place, name, value, unit, time) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                values,
            )
            self._until_prune -= len(values)
            if self._until_prune <= 0:
                self._prune()

    def _prune(self) -> None:
        self._until_prune = min(PRUNE_EVERY, self._max_rows)
        self._connection.execute(
            "DELETE FROM metric WHERE id <= (SELECT max(id) FROM metric) - ?", (self._max_rows,)
        )

    def read(
        self,
        *,
        run: str | None = None,
        board: str | None = None,
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
            "place = ?": where,
            "name = ?": name,
            "time >= ?": since,
        }
        asked = {term: value for term, value in given.items() if value is not None}
        condition = " AND ".join(asked) or "1"
        with self._explained():
            found = self._connection.execute(
                "SELECT run, board, place, name, value, unit, time FROM metric "  # noqa: S608
                f"WHERE {condition} ORDER BY id DESC LIMIT ?",  # the terms above, no values
                (*asked.values(), limit),
            ).fetchall()
        return [MetricRow(*row) for row in reversed(found)]

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
        return ProjectError(
            f"{path} cannot grow: the disk is full",
            ["rows kept before are still there"],
            [f"df -h {path.parent}"],
        )
    if "locked" in text or "busy" in text:
        return ProjectError(
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
    return ProjectError(f"{path} cannot be used: {text}")
