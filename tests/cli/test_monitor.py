"""What `tinyflow monitor` shows, writes and returns, of boards that are played."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tinyflow import cli
from tinyflow.artifacts import MetricRow
from tinyflow.cli import live
from tinyflow.cli import monitor as command
from tinyflow.errors import DeviceError, ProjectError
from tinyflow.monitor.overview import Overview
from tinyflow.pipeline import watching
from tinyflow.pipeline.watching import UNMET

NOW = 2_000_000.0


def row(name: str, value: float, unit: str = "", device: str = "A601") -> MetricRow:
    return MetricRow("r", "esp32", "device", name, value, unit, NOW, device)


class Fake:
    """Two batches, and whatever a test makes of it."""

    def __init__(self, folder: Path, boards: int = 1) -> None:
        self.run, self.store_path, self.rows = "r", folder / "rows.sqlite", 3
        self.waiting = self.lost = 0
        self.overviews = [Overview("esp32", f"A60{n + 1}") for n in range(boards)]
        self.interrupted = self.abandoned = self.met = False
        self.exit = 0
        self.stays = False
        self.during: Callable[[], None] = lambda: None
        self.error: Exception | None = None

    def batches(self) -> Any:
        yield [row("inferences", 12), row("latency_us", 3.25, "us")]
        self.during()
        while self.stays and not self.interrupted:
            yield []
        if self.error is not None:
            raise self.error
        yield [row("inferences", 13)]

    def take_messages(self) -> list[str]:
        return ["A601 is gone: unplugged"] if self.stays else []

    def stop(self) -> None:
        self.interrupted = True

    def abandon(self) -> None:
        self.abandoned = True

    def status(self) -> int:
        return self.exit

    def unmet(self) -> list[str]:
        return ["the last inferences: A601 13"]

    def summary(self) -> dict[str, Any]:
        return {"run": "r", "rows": 3, "store": "rows.sqlite"}


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    session = Fake(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(watching, "begin", lambda *_, **__: session)
    return session


def run(*more: str) -> int:
    return cli.main(["monitor", "--board", "native", *more])


def test_rows_are_lines_where_there_is_no_terminal(
    fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0
    assert capsys.readouterr().out.splitlines() == [
        "device  inferences  12",
        "device  latency_us  3.25 us",
        "device  inferences  13",
    ]


def test_one_json_object_is_all_that_is_printed(
    fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--json") == 0
    assert json.loads(capsys.readouterr().out) == {"run": "r", "rows": 3, "store": "rows.sqlite"}


def test_lines_of_several_boards_name_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(watching, "begin", lambda *_, **__: Fake(tmp_path, boards=2))
    assert run() == 0
    assert "esp32 A601  device  inferences  12" in capsys.readouterr().out


def test_rows_as_json(fake: Fake, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--jsonl", "-") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows[0] == {
        "run": "r", "board": "esp32", "where": "device", "name": "inferences", "value": 12.0,
        "unit": "", "time": NOW, "device": "A601",
    }  # fmt: skip
    assert len(rows) == 3
    assert run("--jsonl", str(tmp_path / "out")) == run("--jsonl", str(tmp_path / "out")) == 0
    assert len((tmp_path / "out").read_text().splitlines()) == 6


def test_exit_statuses(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    fake.exit = UNMET
    assert run("--until", "inferences > 99", "--seconds", "1") == 6
    assert capsys.readouterr().err.splitlines()[:2] == [
        "the time ran out before inferences > 99", "  the last inferences: A601 13",
    ]  # fmt: skip
    fake.exit = 7
    assert run("--until", "inferences > 9") == 7
    fake.exit = 5
    assert run() == 5
    assert run("--until", "inferences >") == 2
    fake.error = DeviceError("board esp32 is gone")
    assert run() == 5


def test_one_interrupt_ends_it_well_and_a_second_at_once(
    fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(signal.SIGINT)
    fake.stays = True
    fake.during = lambda: os.kill(os.getpid(), signal.SIGINT)
    assert run() == 0
    assert "device  inferences  13" in capsys.readouterr().out
    fake.interrupted = False
    assert run("--seconds", "100") == 130  # it was not there for so long
    assert fake.abandoned is False
    fake.interrupted = False
    fake.during = lambda: [os.kill(os.getpid(), signal.SIGTERM) for _ in range(2)] and None
    capsys.readouterr()
    assert run() == 130
    assert capsys.readouterr().err.splitlines()[1:] == ["3 rows kept in rows.sqlite, run r"]
    assert fake.abandoned is True
    assert signal.getsignal(signal.SIGINT) is before


def test_a_reader_that_has_seen_enough_is_a_good_end(
    fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.error, fake.exit = BrokenPipeError(), 5
    assert run("--jsonl", "-") == 0
    assert "3 rows kept" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("8642", ("127.0.0.1", 8642)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),
        ("[::1]:0", ("::1", 0)),
        ("board.local:65535", ("board.local", 65535)),
        ("65536", None),
        (":80", None),
        ("::1:80", None),
        ("http://x:80", None),
        ("", None),
    ],
)
def test_places_to_serve_on(text: str, place: tuple[str, int] | None) -> None:
    if place is None:
        with pytest.raises(ProjectError, match=r"is not \[HOST:\]PORT"):
            command._host_and_port(text)
    else:
        assert command._host_and_port(text) == place


def boards() -> list[Overview]:
    """One that is well, one that drifts, one that is away."""
    well = Overview("esp32", "usb-Silicon_Labs_CP2102N_A601", "live")
    latency = [row("latency_us_p50", 812.4, "us"), row("latency_us_p99", 1040, "us")]
    confidences = [row(f"confidence_{n}", n) for n in range(10)]
    drift = [row("drift_input", 0.11), row("drift_input_limit", 0.25)]
    figures = [("inferences", 1_234_567), ("deadline_misses", 0), ("throughput", 98.21)]
    rest = [row(name, value) for name, value in [*figures, ("restarts", 1)]]
    well.take([*rest, *latency, *confidences, *drift])
    drifting = Overview("qemu-m4", "qemu-m4-1", "live")
    counts = [row("count_p50", 90_112, "instructions"), row("count_p99", 131_072, "instructions")]
    high = [row("drift_input", 0.5), row("drift_input_limit", 0.25), row("alert_drift", 0.5)]
    drifting.take([row("inferences", 42), row("throughput", 4.5), *counts, *high])
    away = Overview("native", "native-1", "gone", "board native on /dev/pts/3 is gone")
    return [well, drifting, away]


def shown(session: Any, width: int, height: int = 24) -> str:
    console = Console(width=width, height=height, color_system=None, force_terminal=True)
    with console.capture() as text:
        console.print(live.page(session, ["12:00:01 rows are kept again"], NOW + 3, width, height))
    return "\n".join(line.rstrip() for line in text.get().splitlines()) + "\n"


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_live_view(tmp_path: Path, golden: Callable[[str, str], None], width: int) -> None:
    session = Fake(tmp_path)
    session.overviews = boards()
    text = shown(session, width)
    assert max(map(len, text.splitlines())) <= width
    golden(f"monitor/boards_{width}.txt", text)


@pytest.mark.parametrize("width", [80, 120])
def test_the_live_view_of_one_board(
    tmp_path: Path, golden: Callable[[str, str], None], width: int
) -> None:
    session = Fake(tmp_path)
    session.overviews = boards()[:1]
    counted = [row("layer_0_count", 9880, "cycles"), row("count", 65_000, "cycles")]
    session.overviews[0].take([*counted, row("connected", 1), row("latency_us", 812.43, "us")])
    session.waiting, session.lost = 12, 3
    golden(f"monitor/board_{width}.txt", shown(session, width, height=14))


def test_figures_and_durations_are_short() -> None:
    values = [0, 3, 0.123456, 9.876, 12.34, 99.96, 1234.5]
    assert [live.figure(v) for v in values] == [
        "0", "3", "0.123", "9.88", "12.3", "100", "1,234",
    ]  # fmt: skip
    times = [live.duration(s) for s in (3, 99, 120, 6000, 7300)]
    assert times == ["3 s", "99 s", "2 min", "1 h 40", "2 h 01"]
