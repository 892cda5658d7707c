"""The tables of the store, and how those of earlier versions become them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tinyflow.errors import ProjectError

VERSION = 2

# By the version that they begin at; a new file goes through all of them. They are run in one
# transaction, so a file has one version or the next, whatever ends the program.
_STEPS: dict[int, tuple[str, ...]] = {
    0: (
        """CREATE TABLE IF NOT EXISTS metric (
            id INTEGER PRIMARY KEY,
            run TEXT NOT NULL,
            board TEXT NOT NULL,
            place TEXT NOT NULL,
            name TEXT NOT NULL,
            value REAL NOT NULL,
            unit TEXT NOT NULL,
            time REAL NOT NULL
        )""",
        "CREATE INDEX IF NOT EXISTS metric_by_name ON metric (name, board, time)",
        "CREATE INDEX IF NOT EXISTS metric_by_run ON metric (run)",
    ),
    1: (
        "ALTER TABLE metric ADD COLUMN device TEXT NOT NULL DEFAULT ''",
        """CREATE TABLE run (
            run TEXT NOT NULL,
            board TEXT NOT NULL,
            device TEXT NOT NULL,
            started REAL NOT NULL,
            document TEXT NOT NULL,
            PRIMARY KEY (run, board, device)
        )""",
        # One board's figures over time, which is what charts ask for.
        "DROP INDEX IF EXISTS metric_by_run",
        "CREATE INDEX metric_by_series ON metric (run, board, device, name, time)",
    ),
}


def version(connection: sqlite3.Connection, path: Path) -> int:
    """The version of an open file, 0 of an empty one. Raises ProjectError where it is newer."""
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found > VERSION:
        raise ProjectError(
            f"{path} was written by a newer tinyflow",
            [f"it has version {found}, this tinyflow knows up to {VERSION}"],
            ["pip install --upgrade tinyflow"],
        )
    return int(found)


def bring_up(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the tables to this version, inside the caller's transaction."""
    for step in range(version(connection, path), VERSION):
        for statement in _STEPS[step]:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {VERSION}")
