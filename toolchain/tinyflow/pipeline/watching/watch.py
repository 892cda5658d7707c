"""One monitoring run: a thread for each board, and one place where rows are kept and judged."""

from __future__ import annotations

import contextlib
import math
import queue
import threading
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tinyflow.artifacts import MetricRow, RunDocument
from tinyflow.config import AlertsConfig, BudgetConfig
from tinyflow.monitor.alerts import Alert, Alerts
from tinyflow.monitor.condition import Condition
from tinyflow.monitor.keeper import Keeper
from tinyflow.monitor.overview import Overview
from tinyflow.monitor.store import Store
from tinyflow.monitor.webhook import Webhook
from tinyflow.pipeline.watching.boards import Scene
from tinyflow.pipeline.watching.watcher import Clock, News, Watcher

TICK_SECONDS = 0.25
END_SECONDS = 40.0  # a slow emulator may be in the middle of an inference
PATIENCE_SECONDS = 2.0  # before a board that is waited for at the end is named
JOIN_SECONDS = 3.0
EARLY_SECONDS = 0.3
NAMES_SECONDS = 5.0  # by then every name that a board tells has come once
MAX_QUEUED = 2000
MAX_BATCH = 200  # messages that become one append
MAX_MESSAGES = 20

UNMET = 6
"""Exit status: the time ran out before the condition held."""
ALERTED = 7
"""Exit status: an alert was raised, in a run that waited for something else."""
GONE = 5
"""Exit status: no board was there any more at the end."""


@dataclass(frozen=True)
class Rules:
    """What a run is judged by."""

    alerts: AlertsConfig = field(default_factory=AlertsConfig)
    budget: BudgetConfig = field(default_factory=BudgetConfig)
    until: Condition | None = None


class Watch:
    """One run of `scenes`; `batches` carries it out. A board's telemetry is kept `every` so many
    seconds; the rules look at all of it.

    `overviews` are the boards as they are now, `met` whether the condition that was waited for has
    held. `rows` counts those that are kept, `waiting` those that wait for room, `lost` the others.
    """

    def __init__(
        self,
        scenes: Sequence[Scene],
        *,
        run: str,
        store_path: Path,
        seconds: float | None = None,
        every: float = 0.0,
        rules: Rules | None = None,
        clock: Clock | None = None,
    ) -> None:
        rules = rules or Rules()
        self.run = run
        self.store_path = store_path
        self.overviews = [Overview(scene.board, scene.device) for scene in scenes]
        self.met = False
        self.alerted = 0
        self.rows = self.waiting = self.lost = 0
        self.interrupted = False
        self._scenes = scenes
        self._seconds = seconds
        self._every = every
        self._kept_at: dict[int, float] = {}
        self._rules = rules
        self._clock = clock or Clock()
        self._news: queue.Queue[News] = queue.Queue(MAX_QUEUED)
        self._stopping = threading.Event()
        self._abandoned = False
        self._give_up_at: float | None = None
        self._errors: dict[int, Exception] = {}
        self._ended: set[int] = set()
        self._was_live = False
        self._names_by: float | None = None  # when a name that has not come is told
        self._alerts: dict[int, Alerts] = {}
        self._webhook: Webhook | None = None
        self._trouble = ""
        self._messages: deque[str] = deque(maxlen=MAX_MESSAGES)

    # A signal may come while this thread holds the lock of an event or a queue: what is called from
    # one sets flags and no more, and the loop below looks at them.

    def stop(self) -> None:
        """End the run: boards are asked once more, all is kept. May be called from a signal."""
        self.interrupted = True

    def abandon(self) -> None:
        """Do not wait for the boards' threads any more. May be called from a signal."""
        self._abandoned = True

    def batches(self) -> Generator[list[MetricRow], None, None]:
        """Rows as they come, each kept before it is handed on; empty batches a few times a second.

        Ends after the seconds that were asked for, which begin when the first board answers, when
        the condition holds, and after `stop`. Raises the first board's error where none was ever
        there, what a watcher could not foresee, and what the store raises at the end.
        """
        end: float | None = None
        with Store(self.store_path) as store:
            keeper = Keeper(store, clock=self._clock.monotonic)
            if self._rules.alerts.webhook:
                self._webhook = Webhook(self._rules.alerts.webhook, self._say)
            threads = self._start()
            try:
                while not (self._stopping.is_set() or self.interrupted or self._abandoned):
                    rows = self._take(keeper)
                    yield rows
                    if end is None and self._seconds is not None and self._was_live:
                        end = self._clock.monotonic() + self._seconds
                    over = end is not None and self._clock.monotonic() >= end
                    if over or self.met or len(self._ended) == len(self._scenes):
                        break
                self._stopping.set()
                yield from self._rest(keeper)
            finally:
                # Also where the reader of the rows has gone, or the store takes none for good.
                self._stopping.set()
                try:
                    for _ in self._rest(keeper):
                        pass
                    keeper.close()
                finally:
                    self._let_go(threads)
                    self._count(keeper)
        self._raise_what_is_for_good()

    def _let_go(self, threads: Sequence[threading.Thread]) -> None:
        """Wait a little for what runs beside this, then not any more."""
        end = self._clock.monotonic() + (0 if self._abandoned else JOIN_SECONDS)
        for thread in threads:
            thread.join(max(0.0, end - self._clock.monotonic()))
        if self._webhook is not None:
            self._webhook.close(0 if self._abandoned else JOIN_SECONDS)
        self._abandoned = True  # nobody takes news any more

    def take_messages(self) -> list[str]:
        """Messages since the last call."""
        taken = []
        with contextlib.suppress(IndexError):  # the webhook's thread may add one meanwhile
            while True:
                taken.append(self._messages.popleft())
        return taken

    def status(self) -> int:
        """The exit status of a run that has ended."""
        until = self._rules.until
        if until is not None:
            if not self.met:
                return UNMET
            return ALERTED if self.alerted and not until.on_alerts else 0
        away = all(board.state in ("gone", "refused") for board in self.overviews)
        return GONE if away else 0

    def unmet(self) -> list[str]:
        """Why the condition did not hold."""
        until = self._rules.until
        rows = (row for board in self.overviews for row in board.latest.values())
        return until.unmet(rows) if until is not None and not self.met else []

    def summary(self) -> dict[str, Any]:
        """How the run went, for `--json`."""
        return {
            "run": self.run,
            "board": ", ".join(dict.fromkeys(board.board for board in self.overviews)),
            "rows": self.rows,
            "rows_lost": self.lost + self.waiting,
            "store": str(self.store_path),
            "alerts": self.alerted,
            "until": self._rules.until.text if self._rules.until is not None else None,
            "met": self.met if self._rules.until is not None else None,
            "boards": [
                {
                    "board": board.board,
                    "device": board.device,
                    "state": board.state,
                    "inferences": board.value("inferences"),
                    "restarts": board.value("restarts"),
                    "alerts": sorted(board.alerts),
                }
                for board in self.overviews
            ],
        }

    def _start(self) -> list[threading.Thread]:
        threads = []
        for number, scene in enumerate(self._scenes):
            watcher = Watcher(
                number, scene, self.run, self._hear, self._stopping, clock=self._clock
            )
            # Daemons: an end that is not waited for ends them, and the boards they started.
            name = scene.device or scene.board
            threads.append(threading.Thread(target=watcher.watch, name=name, daemon=True))
        for thread in threads:
            thread.start()
        return threads

    def _hear(self, news: News) -> None:
        """Called in a board's thread. Waits where the store is slow, but never for ever."""
        while not self._abandoned:
            try:
                self._news.put(news, timeout=TICK_SECONDS)
            except queue.Full:
                continue
            return

    def _take(self, keeper: Keeper) -> list[MetricRow]:
        """Take what the boards tell within a tick, judge it, keep it."""
        rows: list[MetricRow] = []
        documents: list[RunDocument] = []
        for taken in range(MAX_BATCH):
            try:
                news = self._news.get(timeout=0 if taken else TICK_SECONDS)
            except queue.Empty:
                break
            rows += self._judge(news)
            documents += [
                replace(found, document={**found.document, "every_seconds": self._every})
                for found in news.documents
            ]
        if not self._stopping.is_set():
            now = self._clock.monotonic()
            for number in range(len(self._scenes)):
                rows += self._raise(number, self._alerts_of(number).tick(now))
            self._tell_of_names(now)
        keeper.keep(rows, documents)
        self._count(keeper)
        return rows

    def _judge(self, news: News) -> list[MetricRow]:
        """A watcher's news: its rows to keep, with those of the alerts that they raise."""
        board = self.overviews[news.number]
        board.device = news.device
        if news.state == "ended":
            self._ended.add(news.number)
            return []
        if news.error is not None:
            self._errors[news.number] = news.error
        if news.state == "failed":
            self._ended.add(news.number)
        if news.state != board.state:
            self._tell_of(board, news)
        board.state, board.note = news.state, news.note
        self._was_live = self._was_live or news.state == "live"
        if not self._was_live and len(self._errors) == len(self._scenes):
            self._stopping.set()
        raised = self._raise(
            news.number, self._alerts_of(news.number).hear(news.rows, self._clock.monotonic())
        )
        board.take(news.rows)
        until = self._rules.until
        found = until is not None and any(until.holds(row) for row in news.rows)
        self.met = self.met or found
        is_kept = found or bool(raised) or not news.thinnable or self._is_due(news.number)
        return [*(news.rows if is_kept else ()), *raised]

    def _is_due(self, number: int) -> bool:
        """Whether it is time to keep a board's telemetry again."""
        now, last = self._clock.monotonic(), self._kept_at.get(number)
        # Telemetry that comes a little early is not left for another second.
        if last is not None and now - last < self._every - EARLY_SECONDS:
            return False
        self._kept_at[number] = now
        return True

    def _tell_of(self, board: Overview, news: News) -> None:
        place = board.device or board.board
        if news.state == "live" and board.state != "starting":
            self._say(f"{place} is there again")
        elif news.state != "live" and (self._was_live or len(self._scenes) > 1):
            self._say(f"{place} is {news.state}: {news.note}")

    def _tell_of_names(self, now: float) -> None:
        """Say once that what is waited for may be called otherwise: without --seconds nobody else
        would.
        """
        until = self._rules.until
        if until is None or until.on_alerts or not self._was_live:
            return
        if self._names_by is None:
            self._names_by = now + NAMES_SECONDS
        elif now >= self._names_by:
            self._names_by = math.inf
            if all(until.name not in board.latest for board in self.overviews):
                self._say(self.unmet()[0])

    def _raise(self, number: int, alerts: Sequence[Alert]) -> list[MetricRow]:
        # The rules need a clock that only rises; rows tell the time of day.
        alerts = [replace(alert, time=self._clock.time()) for alert in alerts]
        rows = [alert.row() for alert in alerts]
        for alert in alerts:
            self.alerted += not alert.ends
            self._say(f"alert: {alert.text}")
            if self._webhook is not None:
                self._webhook.post(alert)
        self.overviews[number].take(rows)
        until = self._rules.until
        if until is not None and any(until.holds(row) for row in rows):
            self.met = True
        return rows

    def _alerts_of(self, number: int) -> Alerts:
        board = self.overviews[number]
        if number not in self._alerts:
            self._alerts[number] = Alerts(
                self._rules.alerts, self._rules.budget, self.run, board.board, board.device
            )
        alerts = self._alerts[number]
        alerts.device = board.device
        return alerts

    def _rest(self, keeper: Keeper) -> Iterator[list[MetricRow]]:
        """What the boards still tell until their threads have ended."""
        if self._give_up_at is None:
            self._give_up_at = self._clock.monotonic() + END_SECONDS
        end, told = self._give_up_at, not self.interrupted
        while len(self._ended) < len(self._scenes) and self._clock.monotonic() < end:
            if self._abandoned:
                return
            if not told and self._clock.monotonic() > end - END_SECONDS + PATIENCE_SECONDS:
                told = True
                left = [b for n, b in enumerate(self.overviews) if n not in self._ended]
                names = ", ".join(board.device or board.board for board in left)
                self._say(f"waiting for {names}; Ctrl-C again does not")
            yield self._take(keeper)

    def _count(self, keeper: Keeper) -> None:
        self.rows, self.waiting, self.lost = keeper.kept, keeper.waiting, keeper.lost
        trouble = keeper.trouble.what if keeper.trouble is not None else ""
        if trouble != self._trouble:
            self._say(f"rows are not kept: {trouble}" if trouble else "rows are kept again")
            self._trouble = trouble

    def _say(self, text: str) -> None:
        """Also called in the webhook's thread."""
        self._messages.append(text)

    def _raise_what_is_for_good(self) -> None:
        failed = [
            self._errors[number]
            for number, board in enumerate(self.overviews)
            if board.state == "failed"
        ]
        if failed:
            raise failed[0]
        if not self._was_live and self._errors and not self.interrupted:
            raise self._errors[min(self._errors)]
