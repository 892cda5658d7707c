"""What `tinyflow replay` shows and writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tinyflow import cli
from tinyflow.errors import DeviceError
from tinyflow.pipeline import replay
from tinyflow.pipeline.replay import WindowRow

DIGITS = Path(__file__).parents[1] / "models" / "digits.tflite"


class Fake:
    """Two windows, or a board that is gone after one."""

    gone: ClassVar[bool] = False
    summary: ClassVar[dict[str, Any]] = {
        "board": "native",
        "driver": "replay",
        "samples": 100,
        "unused_samples": 20,
        "windows": 2,
        "labels": {"walk": 1, "rest": 1},
        "counter": "nanoseconds",
        "count_per_inference": 90500,
        "latency_us": 90.5,
        "deadline": 80000,
        "deadline_misses": 1,
        "late_windows": 1,
        "seconds": 0.25,
    }

    def __init__(self, walk: Any, port: str | None, file: Path, real_time: bool) -> None:
        assert walk.require_board().name == "native"
        assert (port, file, real_time) == (None, Path("x.npz"), True)

    def rows(self) -> Iterator[WindowRow]:
        yield WindowRow(0, 0, 0.0, "walk", 0.75, 71000, False)
        if Fake.gone:
            raise DeviceError("board native is gone after 1 inference")
        yield WindowRow(1, 16, 0.16, "rest", 0.5, 110000, True)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(replay, "Replay", Fake)
    monkeypatch.setattr(Fake, "gone", False)
    fixed = ["replay", "x.npz", str(DIGITS), "--board", "native", "--real-time"]
    return lambda *more: cli.main([*fixed, *more])


def test_windows_are_shown_as_they_come(run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    assert capsys.readouterr().out.splitlines() == [
        "window     0      0.000 s  walk  0.7500  count 71,000",
        "window     1      0.160 s  rest  0.5000  count 110,000  late",
        "board            native, driver replay",
        "windows          2 of 100 samples",
        "unused samples   20",
        "classes          rest 1, walk 1",
        "one inference    90,500 nanoseconds, 90.5 us",
        "deadline misses  1",
        "late windows     1",
        "took             0.250 s",
    ]


def test_json_is_one_object_and_jsonl_has_a_line_a_window(
    run: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run("--json", "--jsonl", "rows.jsonl") == 0
    assert json.loads(capsys.readouterr().out) == Fake.summary
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert [(row["sample"], row["label"], row["late"]) for row in rows] == [
        (0, "walk", False),
        (16, "rest", True),
    ]
    assert run("--jsonl", "-") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[1])["count"] == 110000


def test_what_came_before_the_end_is_kept(
    run: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Fake, "gone", True)
    assert run("--jsonl", "rows.jsonl") == 5
    assert len((tmp_path / "rows.jsonl").read_text().splitlines()) == 1
    shown = capsys.readouterr()
    assert "walk" in shown.out
    assert "board native is gone" in shown.err
