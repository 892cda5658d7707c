"""Capturing from a board of this machine whose driver makes its own samples, as a user does it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from linear_model import LABELS, SCALE, linear_model

from tinyflow import cache, captures, cli, pipeline
from tinyflow.artifacts import TfliteModel
from tinyflow.compiler.host import load
from tinyflow.device import Sample
from tinyflow.errors import DeviceError
from tinyflow.pipeline import Walk
from tinyflow.pipeline import capture as capture_module
from tinyflow.pipeline.capture import Capture
from tinyflow.pipeline.deployed import keep_deployed, last_deployed

TOML = """\
name = "demo"
board = "native"
[dataset]
source = "data.npz"
[sensor]
driver = "ramp.c"
rate_hz = 2000
[capture]
hold_ms = 2000
"""
# Sample i is i * 7 - i / 256; SWITCH is the switch on the board, STUCK a sensor that is.
DRIVER = """\
#include <stdlib.h>

#include "tnf_capture.h"
#include "tnf_port.h"
#include "tnf_sensor.h"
#include "tnf_sensor_config.h"

static uint32_t taken;

static tnf_status_t start(tnf_ring_t *ring)
{
    (void)ring;
    tnf_capture_allow(&tnf_capture, getenv("SWITCH") != NULL);
    return TNF_OK;
}

static tnf_status_t read(void *samples, uint32_t capacity, uint32_t *count)
{
    int8_t *values = samples;
    uint32_t due = tnf_port_uptime_ms() * TNF_SENSOR_RATE_HZ / 1000;
    for (*count = 0; *count < capacity && taken < due; ++taken) {
        values[(*count)++] = (int8_t)(getenv("STUCK") != NULL ? 5 : taken * 7 - taken / 256);
    }
    return TNF_OK;
}

const tnf_sensor_t tnf_sensor = {.start = start, .read = read};
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project; its image is made by the first test that needs it."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "tinyflow.toml").write_text(TOML)
    (folder / "ramp.c").write_text(DRIVER)
    (folder / "old.tflite").write_bytes(linear_model(0.0))
    x = np.random.default_rng(1).uniform(-2, 2, (60, 2)).astype(np.float32)
    np.savez(folder / "data.npz", x=x, y=(x[:, 0] > 0).astype(int), labels=LABELS)
    return folder


@pytest.fixture
def project(built: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = built / "old.tflite"
    monkeypatch.setattr(Walk, "tflite", lambda walk: TfliteModel(file, cache.file_sha256(file)))
    monkeypatch.chdir(built)
    monkeypatch.setenv("SWITCH", "1")
    return built


def test_samples_are_kept_with_all_that_is_known_of_them(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["capture", "--label", "high", "-n", "12"]) == 0
    shown = capsys.readouterr().out.splitlines()
    found = captures.read(project / "captures", LABELS, (2,))
    assert len(found.captures) == 12
    for line, capture in zip(shown, found.captures, strict=False):
        score = max(capture.scores)
        assert line == (
            f"sample {capture.sample:5}  board says {capture.predicted}  {score:.4f}  "
            f"{capture.file}"
        )
    assert shown[12:15] == [
        "board               native",
        "label               high",
        f"kept                12 in {project / 'captures'}",
    ]
    # Each is a window as the driver made it, and what the board said is what the model says of it.
    stream = bytes((i * 7 - i // 256) & 0xFF for i in range(200_000))
    at = -1
    with load(project / "old.tflite") as host:
        outputs = host.invoke(found.data)
    for capture, row, output in zip(found.captures, found.data, outputs, strict=True):
        at = stream.index(row.tobytes(), at + 1)
        assert np.allclose(capture.scores, output.astype(np.float32) * 4.0)
        assert capture.predicted == LABELS[int(output.argmax())]
        assert (capture.scale, capture.zero_point, capture.shape) == (SCALE, 0, (2,))
        assert (capture.label, capture.board, capture.device) == ("high", "native", "emulated")
        assert capture.model_sha256 == cache.file_sha256(project / "old.tflite")
        assert capture.build_id == pipeline.start().image().build_id
    numbers = [capture.sample for capture in found.captures]
    assert numbers == sorted(set(numbers)) and numbers[0] == 1


def test_nothing_is_written_where_nobody_has_said_so(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.delenv("SWITCH")
    assert cli.main(["capture", "--label", "low", "-n", "1", "-o", str(tmp_path / "c")]) == 5
    error = capsys.readouterr().err.splitlines()
    assert error[0].startswith("error: board native on ") and "does not allow capture" in error[0]
    assert error[1] == "  it is switched on at the device, never from here"
    assert [line for line in error if "hint: " in line] == [
        "  hint: have its driver call tnf_capture_allow when it starts, see docs/capture.md"
    ]
    assert not list((tmp_path / "c").glob("*/*"))


def test_a_sensor_that_is_stuck_does_not_run_for_ever(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("STUCK", "1")
    monkeypatch.setattr(capture_module, "MAX_REPEATED", 5)
    given = ["capture", "-n", "3", "-o", str(tmp_path), "--json", "--label"]
    assert cli.main([*given, "low"]) == 5
    out = capsys.readouterr()
    assert f"the last 5 samples are all in {tmp_path} already" in out.err
    assert len(captures.read(tmp_path, LABELS, (2,)).captures) == 1
    # It cannot be two things at once.
    assert cli.main([*given, "high"]) == 5
    assert [c.label for c in captures.read(tmp_path, LABELS, (2,)).captures] == ["low"]


def test_what_is_flashed_is_what_a_new_model_is_compared_with(project: Path) -> None:
    assert cli.main(["flash", "--json"]) == 0
    found = last_deployed(pipeline.start())
    assert found.model.read_bytes() == (project / "old.tflite").read_bytes()
    assert found.build_id == pipeline.start().image().build_id
    # A model of somebody's own is none of the project's.
    (project / "other.tflite").write_bytes(linear_model(1.0))
    keep_deployed(pipeline.start(model=project / "other.tflite"))
    assert last_deployed(pipeline.start()) == found


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([], ["no label was named", "the project's labels: low, high", "hint: add --label low"]),
        (
            ["--label", "hihg"],
            [
                "label 'hihg' is none of the project's, did you mean high?",
                "the project's labels: low, high",
                "a new class needs samples in the data set, and a model that knows it",
            ],
        ),
    ],
)
def test_a_label_is_one_of_the_project_s(
    project: Path, capsys: pytest.CaptureFixture[str], given: list[str], told: list[str]
) -> None:
    assert cli.main(["capture", *given]) == 2
    text = capsys.readouterr().err.removeprefix("error: ")
    assert [line.strip() for line in text.splitlines()] == told


def test_capture_needs_a_sensor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tinyflow.toml").write_text(
        'name = "demo"\n[dataset]\nsource = "digits"\n[capture]\n'
    )
    monkeypatch.chdir(tmp_path)
    assert cli.main(["capture", "--label", "1"]) == 2
    assert "capture: what is captured is what [sensor] gives the model" in capsys.readouterr().err


# A board that is not on this machine


class Board:
    """A board on a line: what it gives, sample or error, one after another."""

    def __init__(self, given: list[Any]) -> None:
        self.hello = SimpleNamespace(
            output_bytes=2,
            output_scale=1.0,
            output_zero_point=0,
            input_scale=SCALE,
            input_zero_point=0,
            board="esp32",
            model_sha256="1" * 64,
            build_id="b1",
            counter_unit="cycles",
        )
        self.given = given
        self.connections = 1
        self.finished = 0

    def capturing(self) -> Board:
        return self

    def sample(self, seconds: float) -> Sample | None:
        if not self.given:
            raise KeyboardInterrupt
        if isinstance(found := self.given.pop(0), Exception):
            raise found
        return found  # type: ignore[no-any-return]

    def finish(self) -> None:
        self.finished += 1

    def reconnect(self) -> None:
        self.connections += 1
        if self.connections == 2:
            raise DeviceError("port is not back yet")

    def sensor(self) -> Any:
        return SimpleNamespace(window=2, rate_hz=100)


def sample(number: int) -> Sample:
    return Sample(number, bytes([number, 0]), bytes([1, 2]), 100, number - 1)


@pytest.fixture
def on_a_line(project: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[list[Any]], Board]:
    def make(given: list[Any]) -> Board:
        board = Board(given)

        @contextmanager
        def connected(walk: Walk, port: str | None) -> Iterator[Any]:
            yield board, "SERIAL1"

        monkeypatch.setattr(capture_module, "_board", connected)
        monkeypatch.setattr(capture_module, "RECONNECT_PAUSE_SECONDS", 0.0)
        return board

    return make


def test_a_lost_line_is_opened_again(
    on_a_line: Callable[[list[Any]], Board], tmp_path: Path
) -> None:
    board = on_a_line([sample(1), DeviceError("board esp32 is gone"), None, sample(2)])
    session = Capture(pipeline.start(board="esp32"), None, "low", tmp_path, 2, None)
    assert [row.sample for row in session.rows()] == [1, 2]
    assert board.connections == 3 and board.finished == 2
    assert session.summary["windows_dropped"] == 1
    found = captures.read(tmp_path, LABELS, (2,))
    assert [capture.device for capture in found.captures] == ["SERIAL1", "SERIAL1"]


def test_a_line_that_stays_away_is_an_error_with_what_is_kept(
    on_a_line: Callable[[list[Any]], Board], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_a_line([sample(1), DeviceError("board esp32 is gone", ["unplugged"])])
    monkeypatch.setattr(capture_module, "RECONNECT_SECONDS", 0.0)
    session = Capture(pipeline.start(board="esp32"), None, "low", tmp_path, 2, None)
    with pytest.raises(DeviceError) as caught:
        list(session.rows())
    assert caught.value.detail == (
        "unplugged",
        "it did not come back within 0 s",
        "port is not back yet",
        f"1 kept in {tmp_path}",
    )


def test_ctrl_c_ends_a_capture_without_a_limit(
    on_a_line: Callable[[list[Any]], Board], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["capture", "--board", "esp32", "--label", "low", "-o", str(tmp_path)]
    board = on_a_line([sample(1), sample(2)])
    assert cli.main([*given, "--json"]) == 0
    assert board.finished == 1
    assert json.loads(capsys.readouterr().out)["kept"] == 2
    # Of the three that were asked for two are there, and so says the exit status.
    on_a_line([sample(3), sample(4)])
    assert cli.main([*given, "-n", "3"]) == 130
    assert len(captures.read(tmp_path, LABELS, (2,)).captures) == 4
