"""A run of many boards: what is kept, what ends it, what it says."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from played_board import MODEL, Time

from tinyflow.artifacts import MetricRow, RunDocument
from tinyflow.boards import load_board
from tinyflow.config import AlertsConfig, BudgetConfig
from tinyflow.device import OtherModelError
from tinyflow.errors import DeviceError, ProjectError
from tinyflow.monitor import Store, condition
from tinyflow.monitor.keeper import RETRY_SECONDS
from tinyflow.monitor.store import NoRoomError
from tinyflow.pipeline.watching import ALERTED, GONE, UNMET, Rules, Watch, asked_for, watch
from tinyflow.pipeline.watching.boards import Asked, Scene
from tinyflow.pipeline.watching.watcher import News

Step = News | Callable[[], None]


def row(number: int, name: str, value: float) -> MetricRow:
    return MetricRow("r", "esp32", "device", name, value, "", 5.0, f"A{number}")


def beat(number: int, inferences: float = 1, **more: float) -> News:
    rows = [row(number, "inferences", inferences)]
    rows += [row(number, name, value) for name, value in more.items()]
    return News(number, "live", f"A{number}", rows=tuple(rows))


def gone(number: int, error: Exception | None = None) -> News:
    error = error or DeviceError(f"board A{number} is gone")
    return News(number, "gone", f"A{number}", str(error), error=error)


class Run:
    """A run whose watchers tell what `boards` say, one list each, until they are told to stop."""

    def __init__(
        self,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        boards: Sequence[Sequence[Step]],
        *,
        until: str | None = None,
        alerts: AlertsConfig | None = None,
        **options: Any,
    ) -> None:
        class Told:
            def __init__(
                self, number: int, scene: Scene, run: str, tell: Any, stopping: Any, **_: Any
            ):
                self.number, self.tell, self.stopping = number, tell, stopping

            def watch(self) -> None:
                for step in boards[self.number]:
                    if isinstance(step, News):
                        self.tell(step)
                    else:
                        step()
                self.stopping.wait(20)
                self.tell(News(self.number, "ended", f"A{self.number}"))

        monkeypatch.setattr(watch, "Watcher", Told)
        monkeypatch.setattr(watch, "TICK_SECONDS", 0.01)
        self.path = folder / "rows.sqlite"
        self.clock = Time()
        scene = Scene("esp32", "", MODEL, open=None, describe=None)  # type: ignore[arg-type]
        rules = Rules(
            alerts or AlertsConfig(silent_seconds=0),
            BudgetConfig(),
            condition.parse(until) if until is not None else None,
        )
        self.watch = Watch(
            [scene] * len(boards), run="r", store_path=self.path, rules=rules, clock=self.clock,
            **options,
        )  # fmt: skip
        self.messages: list[str] = []

    def go(self, batches: int = 10_000) -> list[MetricRow]:
        """All rows that were handed on, in a run that is stopped after so many batches."""
        rows = []
        for number, batch in enumerate(self.watch.batches()):
            rows += batch
            self.messages += self.watch.take_messages()
            if number >= batches:
                self.watch.stop()
        self.messages += self.watch.take_messages()
        return rows

    def kept(self) -> list[MetricRow]:
        with Store(self.path) as store:
            return store.read(limit=1_000_000)


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    return lambda *boards, **options: Run(tmp_path, monkeypatch, boards, **options)


def test_rows_of_all_boards_are_kept_and_handed_on(start: Callable[..., Run]) -> None:
    boards = [[beat(number, n) for n in range(500)] for number in range(3)]
    run = start(*boards, until="inferences >= 499")
    rows = run.go()
    assert run.kept() == rows
    for number in range(3):
        values = [row.value for row in rows if row.device == f"A{number}"]
        assert values == list(range(len(values)))
    assert run.watch.met
    assert run.watch.status() == 0
    assert run.watch.rows == len(rows)
    assert [board["device"] for board in run.watch.summary()["boards"]] == ["A0", "A1", "A2"]
    json.dumps(run.watch.summary())


def test_telemetry_is_kept_less_often_and_looked_at_all_the_same(
    start: Callable[..., Run],
) -> None:
    def tell(inferences: float, **more: float) -> News:
        return dataclasses.replace(beat(0, inferences, **more), thinnable=True)

    none, high = {"deadline_misses": 0.0}, {"deadline_misses": 9.0}
    beats = [tell(1, **none), beat(0, 2), tell(3), tell(4, **high), tell(5), tell(6)]
    run = start(beats, every=1000, until="inferences >= 6")
    run.go()
    # The first, what must not be left out, what raises an alert, and what was waited for.
    kept = [row.value for row in run.kept() if row.name == "inferences"]
    assert kept == [1, 2, 4, 6]
    assert run.watch.overviews[0].value("inferences") == 6


def test_a_board_that_is_gone_does_not_end_the_others(start: Callable[..., Run]) -> None:
    run = start([beat(0), gone(0), gone(0)], [beat(1), beat(1, 2)])
    run.go(50)
    assert [(board.state, board.note) for board in run.watch.overviews] == [
        ("gone", "board A0 is gone"), ("live", ""),
    ]  # fmt: skip
    assert run.messages == ["A0 is gone: board A0 is gone"]
    assert run.watch.status() == 0


def test_boards_that_were_never_there_are_an_error(start: Callable[..., Run]) -> None:
    with pytest.raises(DeviceError, match="port 1 does not exist"):
        start([gone(0, DeviceError("port 1 does not exist"))], [gone(1)]).go()
    refused = News(0, "refused", "A0", "other", error=OtherModelError("A0 runs another model"))
    with pytest.raises(OtherModelError):
        start([refused]).go()
    run = start([refused], [beat(1)])  # one of two is well
    run.go(20)
    assert run.messages == ["A0 is refused: other"]


def test_a_run_at_whose_end_no_board_is_there(start: Callable[..., Run]) -> None:
    run = start([beat(0), gone(0)])
    run.go(50)
    assert run.watch.status() == GONE
    assert [row.name for row in run.kept()] == ["inferences"]


def test_a_bug_in_a_boards_thread_is_seen(start: Callable[..., Run]) -> None:
    failed = News(0, "failed", "A0", "boom", error=ZeroDivisionError("boom"))
    run = start([beat(0), failed], [beat(1)])
    with pytest.raises(ZeroDivisionError):
        run.go(20)
    assert len(run.kept()) == 2


def test_the_end_of_a_run_that_waits(start: Callable[..., Run]) -> None:
    assert_status(start([beat(0, 5)], until="inferences > 9", seconds=1), UNMET, ticks=True)
    drifting = {"drift_input": 0.5, "drift_input_limit": 0.2}
    drifts = [beat(0, 5, **drifting), beat(0, 6, **drifting)]
    assert_status(start([*drifts, beat(0, 10)], until="inferences > 9"), ALERTED)
    run = start(drifts, until="alert_drift")
    assert_status(run, 0)
    assert [row.name for row in run.kept()][-1] == "alert_drift"
    assert run.messages == ["alert: A0: drift 0.5 psi, limit 0.2"]


def assert_status(run: Run, status: int, ticks: bool = False) -> None:
    rows = run.watch.batches()
    for batch in rows:
        run.messages += run.watch.take_messages()
        if ticks:
            run.clock.now += 0.1
        assert batch is not None
    assert run.watch.status() == status
    assert (run.watch.unmet() == ["the last inferences: A0 5"]) == (status == UNMET)


def test_a_silent_board_raises_an_alert_though_it_says_nothing(start: Callable[..., Run]) -> None:
    run = start([beat(0)], [beat(1), gone(1)], alerts=AlertsConfig(silent_seconds=30))
    for number, _ in enumerate(run.watch.batches()):
        run.clock.now += 1
        if number > 50:
            run.watch.stop()
    names = sorted((row.device, row.name) for row in run.kept() if row.name.startswith("alert"))
    assert names == [("A0", "alert_silent"), ("A1", "alert_silent")]
    times = [row.time for row in run.kept() if row.name == "alert_silent"]
    assert min(times) > 1e9  # of the day, though a clock that only rises told the silence
    assert [sorted(board.alerts) for board in run.watch.overviews] == [["silent"], ["silent"]]


def test_a_reader_that_goes_away_loses_no_row(start: Callable[..., Run]) -> None:
    run = start([beat(0, n) for n in range(100)])
    batches = run.watch.batches()
    next(batches)
    batches.close()
    assert [row.value for row in run.kept()] == list(range(100))


def test_a_second_interrupt_waits_for_no_board(start: Callable[..., Run]) -> None:
    def hang() -> None:
        run.watch._stopping.wait(20)
        hung.append(True)
        import time

        time.sleep(0.5)

    hung: list[bool] = []
    run = start([beat(0), hang])
    with pytest.raises(KeyboardInterrupt):
        for _ in run.watch.batches():
            run.watch.stop()
            run.watch.abandon()
            raise KeyboardInterrupt
    assert len(run.kept()) <= 1


def test_a_board_that_is_waited_for_at_the_end_is_named(start: Callable[..., Run]) -> None:
    run = start([beat(0)], [beat(1), lambda: release.wait(20)])
    release = threading.Event()
    for number, _ in enumerate(run.watch.batches()):
        run.messages += run.watch.take_messages()
        run.clock.now += 0.1
        if number == 5:
            run.watch.stop()
        if run.messages:
            release.set()
    assert run.messages == ["waiting for A1; Ctrl-C again does not"]


def test_a_full_disk_is_told_and_waited_for(
    start: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    full = [True]
    append = Store.append

    def limited(store: Store, rows: Any, documents: Any = ()) -> None:
        if full[0]:
            raise NoRoomError("rows.sqlite cannot grow: the disk is full")
        append(store, rows, documents)

    monkeypatch.setattr(Store, "append", limited)
    document = RunDocument("r", "esp32", "A0", 5.0, {"labels": []})
    first = News(0, "live", "A0", rows=(row(0, "connected", 1),), documents=(document,))
    run = start([first, *(beat(0, n) for n in range(50))], [beat(1)], seconds=1000)
    for number, _ in enumerate(run.watch.batches()):
        if number == 50:
            assert (run.watch.rows, run.watch.waiting) == (0, 52)
            full[0] = False
            run.clock.now += RETRY_SECONDS
        if number > 50:
            break
    assert len(run.kept()) == 52
    assert run.watch.take_messages() == [
        "rows are not kept: rows.sqlite cannot grow: the disk is full",
        "rows are kept again",
    ]
    with Store(run.path) as store:
        (kept,) = store.documents()
    assert kept == dataclasses.replace(document, document={"labels": [], "every_seconds": 0.0})
    full[0] = True
    again = start([beat(0)])
    with pytest.raises(NoRoomError, match="1 rows of this run were lost"):
        again.go(20)


def test_a_store_that_is_damaged_meanwhile_ends_the_run_and_its_threads(
    start: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*_: Any) -> None:
        raise ProjectError("the store is damaged")

    monkeypatch.setattr(Store, "append", damaged)
    before = set(threading.enumerate())
    with pytest.raises(ProjectError, match="the store is damaged"):
        start([beat(0)], [beat(1)]).go()
    assert set(threading.enumerate()) <= before


def test_a_name_that_does_not_come_is_told_while_it_is_waited_for(
    start: Callable[..., Run],
) -> None:
    run = start([beat(0)], until="inferencs > 5")
    for number, _ in enumerate(run.watch.batches()):
        run.messages += run.watch.take_messages()
        run.clock.now += 1
        if number > 20:
            run.watch.stop()
    assert run.messages == ["no row inferencs came, did you mean inferences?"]


def test_readers_see_rows_while_they_are_written(start: Callable[..., Run]) -> None:
    run = start([beat(0, n) for n in range(300)], until="inferences >= 299")
    seen = 0
    for _ in run.watch.batches():
        reader = sqlite3.connect(run.path)
        (count,) = reader.execute("SELECT count(*) FROM metric").fetchone()
        reader.close()
        assert count >= seen
        seen = count
    assert seen == 300


def test_boards_are_named_in_several_ways(tmp_path: Path) -> None:
    assert asked_for([]) == [Asked(None)]
    assert asked_for(["native", "native"]) == [Asked("native"), Asked("native")]
    assert asked_for([], port="COM3") == [Asked(None, "COM3")]
    assert asked_for(["esp32"], port="COM3") == [Asked("esp32", "COM3")]
    assert asked_for(["esp32"], ["pico@/dev/ttyACM0", "native"]) == [
        Asked("esp32"), Asked("pico", "/dev/ttyACM0"), Asked("native"),
    ]  # fmt: skip
    file = tmp_path / "rig.yml"
    file.write_text(
        "boards:\n"
        "  - {name: one, board: esp32, serial: '0001', baud: 115200}\n"
        "  - {name: two, board: native}\n"
        "  - {name: three, board: native, port: 'socket://127.0.0.1:4000'}\n"
    )
    one, two, three = asked_for([], hardware_map=file)
    assert (one.board, one.name, one.baud, one.elsewhere) == ("esp32", "one", 115200, True)
    assert one.find is not None
    with pytest.raises(DeviceError, match="no port has the USB serial number 0001"):
        one.find(load_board("esp32"))
    assert (two.name, two.elsewhere) == ("two", False)
    assert (three.port, three.elsewhere) == ("socket://127.0.0.1:4000", True)


@pytest.mark.parametrize(
    ("boards", "duts", "port", "finding"),
    [
        (["a", "b"], [], "COM3", "one port was named for 2 boards"),
        ([], ["a@COM1", "b"], "COM3", "one port was named for 2 boards"),
        ([], ["@COM1"], None, "is not a board, or a board and its port"),
        ([], ["esp32@"], None, "is not a board, or a board and its port"),
        ([], ["a@COM1", "b@COM2", "c@COM1"], None, "port COM1 was named for 2 boards"),
        (["a"] * 300, [], None, "300 boards were named"),
    ],
)
def test_boards_that_make_no_sense(
    boards: list[str], duts: list[str], port: str | None, finding: str
) -> None:
    with pytest.raises(ProjectError, match=finding):
        asked_for(boards, duts, port)
