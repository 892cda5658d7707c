"""One board, watched: it goes away, comes back, restarts, runs another model."""

from __future__ import annotations

import dataclasses
import itertools
import threading
from typing import Any

import pytest
from played_board import TELEMETRY, PlayedBoard, Time

from tinyflow.artifacts import MetricRow
from tinyflow.device import OtherModelError
from tinyflow.errors import DeviceError, ModelError
from tinyflow.pipeline.watching.restarts import Restarts
from tinyflow.pipeline.watching.watcher import (
    LAYERS_ATTEMPTS,
    LAYERS_RUNS,
    MAX_PAUSE_SECONDS,
    News,
    Watcher,
)

INPUTS = [b"1234", b"5678"]


class Played:
    """A watcher's run until its board's plan says stop."""

    def __init__(self, plan: dict[float, Any], inputs: Any = None, **scene: Any) -> None:
        self.stopping = threading.Event()
        self.clock = Time()
        self.board = PlayedBoard(self.clock, plan, self.stopping)
        self.news: list[News] = []
        self.scene = self.board.scene(inputs, **scene)

    def run(self) -> Played:
        watcher = Watcher(0, self.scene, "r", self.news.append, self.stopping, self.clock)
        watcher.watch()
        return self

    def rows(self, name: str) -> list[MetricRow]:
        return [row for news in self.news for row in news.rows if row.name == name]

    def values(self, name: str) -> list[float]:
        return [row.value for row in self.rows(name)]

    @property
    def states(self) -> list[str]:
        """The states, without what repeats."""
        states = [news.state for news in self.news]
        return [state for at, state in enumerate(states) if at == 0 or states[at - 1] != state]


def test_a_beat_a_second_becomes_rows() -> None:
    played = Played({10: "stop"}).run()
    assert played.states == ["live", "ended"]
    assert 10 <= len(played.rows("inferences")) <= 12
    assert played.values("inferences")[-1] == 100
    rates = played.values("throughput")
    assert rates == pytest.approx([10] * len(rates), rel=0.1)
    assert len(rates) >= 9
    assert set(played.values("restarts")) == {0}
    (first, *_) = played.news
    assert {(row.run, row.board, row.device) for row in played.rows("inferences")} == {
        ("r", "esp32", "A601")
    }
    (document,) = first.documents
    assert (document.run, document.board, document.device) == ("r", "esp32", "A601")
    assert document.document == {"labels": ["a", "b"]}
    assert played.board.opened == played.board.closed == 1


def test_layers_are_counted_once_where_inputs_are_fed_and_nothing_senses() -> None:
    played = Played({5: "vanish", 6: "appear", 20: "stop"}, INPUTS, told=(0, 0, 1)).run()
    # Of 103 that were counted, three are of being told three times: an inference takes 100.
    assert played.values("layer_0_count") == [70]
    assert played.values("layer_1_count") == [30]
    assert played.rows("layer_1_count")[0].unit == "cycles"
    assert len(played.board.asked) == LAYERS_RUNS  # not again after it was gone
    assert Played({5: "stop"}).run().board.asked == []


def test_a_board_that_goes_away_when_asked_for_layers_is_watched_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def go_away(board: PlayedBoard, data: bytes) -> None:
        board.asked.append("layers")
        raise DeviceError("board esp32 on /dev/ttyUSB0 is gone")

    monkeypatch.setattr(PlayedBoard, "layers", go_away)
    played = Played({30: "stop"}, INPUTS).run()
    assert played.board.asked == ["layers"] * LAYERS_ATTEMPTS
    assert played.states[-2:] == ["live", "ended"]
    assert played.rows("throughput")
    assert len([document for news in played.news for document in news.documents]) == 1


def test_a_board_that_goes_away_is_waited_for() -> None:
    played = Played({5: "vanish", 40: "appear", 60: "stop"}).run()
    assert played.states == ["live", "gone", "live", "ended"]
    gone = [news for news in played.news if news.state == "gone"]
    assert gone[0].note == "board esp32 on /dev/ttyUSB0 is gone after 7 inferences"
    assert gone[1].note == "port /dev/ttyUSB0 does not exist"
    assert played.values("connected") == [1, *[0] * len(gone), 1]
    # Ever more seldom: 0.5, 1, 2, 4, 8, 16 and 30 s.
    times = [row.time for row in played.rows("connected") if row.value == 0]
    pauses = [late - early for early, late in itertools.pairwise(times)]
    assert pauses == sorted(pauses)
    assert max(pauses) <= MAX_PAUSE_SECONDS
    assert len([document for news in played.news for document in news.documents]) == 1
    assert played.values("restarts")[-1] == 0  # it was unplugged from us, not from its power


def test_the_last_words_of_a_board_are_kept() -> None:
    def speak(board: PlayedBoard) -> None:
        # At once after a beat that was kept, so that it would not be kept otherwise.
        board.unread.append(dataclasses.replace(TELEMETRY, inferences=77, uptime_ms=5_001))

    played = Played({5: speak, 5.1: "vanish", 20: "stop"}).run()
    assert played.values("uptime_ms")[-1] == 5_001
    assert played.values("inferences")[-1] == 77
    assert played.states == ["live", "gone", "ended"]


def test_restarts_are_counted_whether_the_port_stays_or_not() -> None:
    plan = {5: "restart", 10: "vanish", 11: "restart", 12: "appear", 30: "restart", 40: "stop"}
    played = Played(plan).run()
    values = played.values("restarts")
    assert values == sorted(values)
    assert values[-1] == 3
    rates = played.values("throughput")
    assert min(rates) >= 0


def test_another_model_is_refused_and_asked_again() -> None:
    """Somebody may flash the right one meanwhile."""

    def refuse(board: PlayedBoard) -> None:
        raise OtherModelError("board esp32 on A601 runs another model: face")

    played = Played({0: refuse, 0.4: refuse, 20: "stop"}).run()
    assert played.states == ["refused", "live", "ended"]
    assert played.values("other_model") == [1, 1]
    assert isinstance(played.news[0].error, OtherModelError)


def test_what_is_wrong_for_good_ends_the_watching() -> None:
    def fail(board: PlayedBoard) -> None:
        raise ModelError("an input of digits has 4 B, 5 B were given")

    played = Played({3: fail}).run()
    assert played.states == ["live", "failed"]
    assert isinstance(played.news[-1].error, ModelError)
    assert played.board.closed == 1


def test_a_board_that_is_told_to_stop_while_it_is_away_ends_at_once() -> None:
    played = Played({5: "vanish", 10: "stop"}).run()
    assert played.states == ["live", "gone", "ended"]


def test_restarts_by_telemetry_alone() -> None:
    def hear(restarts: Restarts, inferences: int, uptime_ms: int, now: float) -> bool:
        told = dataclasses.replace(TELEMETRY, inferences=inferences, uptime_ms=uptime_ms)
        return restarts.hear(told, now)

    restarts = Restarts(steady=True)
    assert not hear(restarts, 100, 50_000, 0)
    assert not hear(restarts, 110, 51_000, 1)
    assert hear(restarts, 115, 600, 2)  # the uptime fell
    assert hear(restarts, 0, 1_600, 3)  # the inferences fell
    # It was away for 100 s and has run for 50 of them: more than before, and still a restart.
    assert hear(restarts, 500, 50_000, 103)
    assert not hear(restarts, 900, 148_000, 203)
    assert restarts.count == 3
    # The clock of an emulator may stand still.
    slow = Restarts(steady=False)
    assert not hear(slow, 1, 1_000, 0)
    assert not hear(slow, 2, 1_001, 100)
    # 49 days are over, and the counter of milliseconds begins anew.
    old = Restarts(steady=True)
    assert not hear(old, 10_000_000, (1 << 32) - 300, 0)
    assert not hear(old, 10_000_010, 700, 1)
