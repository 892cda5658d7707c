"""Two boards on this machine, watched at a time as a user does."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tinyflow import process
from tinyflow.monitor import Store

pytestmark = [pytest.mark.xdist_group("e2e"), pytest.mark.timeout(300)]

DIGITS = Path(__file__).parents[1] / "models" / "digits.tflite"
PROJECT = """name = "demo"
[dataset]
source = "digits"
[budget]
latency_us = 0.001
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose image is built once; no inference keeps its budget."""
    folder = tmp_path_factory.mktemp("monitor")
    (folder / "tinyflow.toml").write_text(PROJECT)
    return folder


def children(parent: int) -> list[int]:
    """The programs that a process has started, which are the boards."""
    text = Path(f"/proc/{parent}/task")
    found = [(task / "children").read_text().split() for task in text.iterdir()]
    return [int(child) for task in found for child in task]


@pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")
def test_two_boards_of_which_one_is_killed(project: Path) -> None:
    """The other goes on, the killed one is started again, and Ctrl-C keeps every row."""
    command = [sys.executable, "-m", "tinyflow", "monitor", str(DIGITS), "--jsonl", "-"]
    command += ["--board", "native", "--board", "native", "--json"]
    child = process.start(command, cwd=project)
    assert child.stdout is not None
    rows: list[dict[str, Any]] = []

    def read_until(device: str, name: str, least: float) -> None:
        while True:
            rows.append(json.loads(child.stdout.readline()))  # type: ignore[union-attr]
            row = rows[-1]
            if (row["device"], row["name"]) == (device, name) and row["value"] >= least:
                return

    try:
        read_until("native-1", "inferences", 1)
        read_until("native-2", "inferences", 1)
        boards = children(child.pid)
        assert len(boards) == 2
        os.kill(boards[0], signal.SIGKILL)
        killed = {row["device"] for row in rows}
        while {
            row["device"] for row in rows if row["name"] == "restarts" and row["value"]
        } == set():
            rows.append(json.loads(child.stdout.readline()))
        os.kill(child.pid, signal.SIGINT)
        out, error = child.communicate(timeout=60)
    finally:
        process.stop(child)
    assert child.returncode == 0, error.decode()
    *more, summary = [json.loads(line) for line in out.splitlines()]
    rows += more
    assert killed == {"native-1", "native-2"}
    assert sorted(board["restarts"] for board in summary["boards"]) == [0, 1]
    assert "is there again" in error.decode()
    with Store(Path(summary["store"])) as store:
        assert [row.as_json() for row in store.read(limit=100_000)] == rows
        documents = store.documents()
    assert summary["rows"] == len(rows)
    assert [item.device for item in documents] in (
        ["native-1", "native-2"], ["native-2", "native-1"],
    )  # fmt: skip
    told = documents[0].document
    assert len(told["layers"]) == told["hello"]["layers"]
    ends = [block["offset"] + block["bytes"] for block in told["arena"]]
    assert max(ends) <= told["arena_bytes"]
    layers = [row for row in rows if row["name"].startswith("layer_")]
    assert len(layers) == 2 * len(told["layers"])


def test_an_alert_that_is_waited_for(project: Path, run_tinyflow: Any) -> None:
    arguments = ["monitor", str(DIGITS), "--board", "native", "--seconds", "60", "--json"]
    outcome = run_tinyflow(project, *arguments, "--until", "alert_latency")
    assert outcome.status == 0, outcome.stderr
    assert outcome.json["alerts"] == 1
    assert outcome.json["boards"][0]["alerts"] == ["latency"]
    assert "alert: native-1: latency" in outcome.stderr
    outcome = run_tinyflow(project, *arguments, "--until", "inferences >= 10")
    assert outcome.status == 7
