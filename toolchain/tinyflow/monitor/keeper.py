"""Keeps rows in the store, and holds them back while it takes none.

A monitor that has run for days does not end because the disk was full for a minute: rows wait in
memory, in order, and go into the store as soon as there is room. What waits is bounded; beyond it
the oldest are lost, and counted.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence

from tinyflow.artifacts import MetricRow, RunDocument
from tinyflow.errors import ProjectError
from tinyflow.monitor.store import NoRoomError, Store

MAX_WAITING = 50_000
RETRY_SECONDS = 5.0


class Keeper:
    """Appends batches to `store`, each whole or not at all.

    `trouble` is why rows wait, None while they do not. `kept` counts rows that are in the store,
    `waiting` those that are not yet, `lost` those that will never be. Raises what `Store.append`
    raises, but for NoRoomError, which `close` alone raises.
    """

    def __init__(
        self,
        store: Store,
        most: int = MAX_WAITING,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.trouble: NoRoomError | None = None
        self.kept = 0
        self.waiting = 0
        self.lost = 0
        self._store = store
        self._most = most
        self._clock = clock
        self._retry_at = 0.0
        self._batches: deque[tuple[list[MetricRow], list[RunDocument]]] = deque()

    def keep(self, rows: Sequence[MetricRow], documents: Sequence[RunDocument] = ()) -> None:
        """Keep a batch now or, where the store takes none, later."""
        if rows or documents:
            self._batches.append((list(rows), list(documents)))
            self.waiting += len(rows)
        if self.trouble is None or self._clock() >= self._retry_at:
            self._write()
        while self.waiting > self._most and len(self._batches) > 1:
            dropped, described = self._batches.popleft()
            self.waiting -= len(dropped)
            self.lost += len(dropped)
            if described:  # what a run is stays: it is told once
                self._batches[0][1][:0] = described

    def close(self) -> None:
        """Keep what waits. Raises NoRoomError where the store still takes none."""
        self._write()
        if self.trouble is not None:
            raise NoRoomError(
                self.trouble.what,
                [*self.trouble.detail, f"{self.waiting + self.lost:,} rows of this run were lost"],
                self.trouble.hints,
            )

    def _write(self) -> None:
        try:
            while self._batches:
                rows, documents = self._batches[0]
                self._store.append(rows, documents)
                self._batches.popleft()
                self.waiting -= len(rows)
                self.kept += len(rows)
        except NoRoomError as error:
            self.trouble = error
            self._retry_at = self._clock() + RETRY_SECONDS
        except ProjectError:
            self._batches.clear()
            raise
        else:
            self.trouble = None
