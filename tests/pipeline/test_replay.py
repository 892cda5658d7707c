"""Replayed windows are what single inferences of the same bytes are, on the board's whole way."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tinyflow import pipeline
from tinyflow.artifacts import TensorSpec
from tinyflow.errors import DeviceError, ProjectError
from tinyflow.pipeline import watching
from tinyflow.pipeline.board import connected
from tinyflow.pipeline.replay import Replay
from tinyflow.sensors import Sensor

DIGITS = Path(__file__).parents[1] / "models" / "digits.tflite"
HEAD = 'name = "demo"\n[dataset]\nsource = "digits"\n'


def project(folder: Path, sensor: str) -> Path:
    (folder / "tinyflow.toml").write_text(f"{HEAD}[sensor]\n{sensor}")
    return folder


def as_input(values: NDArray[np.int16], sensor: Sensor, spec: TensorSpec) -> NDArray[np.int8]:
    """int16 samples as the model's input, as tnf_sensing.h says."""
    half = 1 << (sensor.shift - 1)
    scaled = (values.astype(np.int64) * sensor.multiplier + half) >> sensor.shift
    return np.clip(scaled + spec.zero_point, -128, 127).astype(np.int8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all projects: what one has built, another finds."""
    return tmp_path_factory.mktemp("project")


# Two samples a hop at 1 MHz: no process classifies a digit in two microseconds.
INT8 = "hop = 2\nchannels = 2\nrate_hz = 1000000\n"
INT16 = 'hop = 24\nchannels = 2\nformat = "int16"\nscale = 0.0003\n'


@pytest.mark.parametrize(
    ("board", "kind", "text"),
    [("native", "int8", INT8), ("native", "int16", INT16), ("qemu-m4", "int16", INT16)],
    ids=["native-int8", "native-int16", "qemu-m4-int16"],
)
def test_a_replayed_window_is_as_one_inference(
    board: str, kind: str, text: str, folder: Path
) -> None:
    limits = np.iinfo(kind)
    chance = np.random.default_rng(7)
    x = chance.integers(limits.min, limits.max, 300, dtype=np.dtype(kind), endpoint=True)
    np.savez(folder / "x.npz", x=x.reshape(-1, 2))
    walk = pipeline.start(board=board, model=DIGITS, folder=project(folder, text))
    session = Replay(walk, None, folder / "x.npz", real_time=False)
    rows = list(session.rows())
    sensor = walk.sensor()
    assert sensor is not None
    starts = list(range(0, 150 - 31, sensor.hop))
    assert [row.sample for row in rows] == starts
    spec = walk.compiled().input
    flat = as_input(x, sensor, spec) if kind == "int16" else x.astype(np.int8)
    with connected(walk, None) as dut:
        single = [dut.infer(flat[2 * at : 2 * at + 64]).output for at in starts]
        replayed = [window.output for window in dut.replay([x.tobytes()])]
    assert replayed == single
    best = [int(np.frombuffer(output, np.int8).argmax()) for output in single]
    assert [row.label for row in rows] == [str(index) for index in best]
    summary = session.summary
    assert (summary["windows"], summary["samples"]) == (len(starts), 150)
    assert summary["unused_samples"] == 150 - (starts[-1] + 32)
    missed = len(starts) if sensor.rate_hz else 0
    assert summary["deadline"] == (2000 if sensor.rate_hz else None)
    assert summary["deadline_misses"] == summary["late_windows"] == missed
    assert rows[1].seconds == (2e-6 if sensor.rate_hz else None)
    if kind == "int16":  # integers and floats agree but for halves
        real = spec.quantize(x.astype(np.float32) * np.float32(sensor.scale))
        assert np.abs(real.astype(int) - flat.astype(int)).max() <= 1


def test_a_monitor_shows_the_sensor(folder: Path) -> None:
    walk = pipeline.start(board="native", model=DIGITS, folder=project(folder, INT8))
    asked = [watching.Asked("native")]
    watch = watching.begin(asked, lambda _: walk, seconds=0.01, replay=False)
    rows = {row.name: row for batch in watch.batches() for row in batch}
    assert rows["windows"].value == 0
    assert rows["deadline"].value == 2000
    assert rows["window_age_us_max"].unit == "us"


def test_a_board_that_senses_otherwise_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez(folder / "x.npz", x=np.zeros((64, 2), np.int8))
    walk = pipeline.start(board="native", model=DIGITS, folder=project(folder, INT8))
    image = walk.image()
    other = project(folder, "hop = 16\nchannels = 2\n")
    walk = pipeline.start(board="native", model=DIGITS, folder=other)
    session = Replay(walk, None, folder / "x.npz", real_time=False)
    monkeypatch.setattr(pipeline.Walk, "image", lambda self: image)  # as if flashed before
    with pytest.raises(DeviceError, match="senses other than") as caught:
        list(session.rows())
    assert "hop: the board has 2, the project 16" in str(caught.value)


def test_a_model_alone_is_replayed_to_without_a_project(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.zeros((2, 8, 8, 1), np.float32))
    walk = pipeline.start(board="native", model=DIGITS, folder=tmp_path)
    assert walk.sensor() is None
    Replay(walk, None, tmp_path / "x.npz", real_time=False)
    with pytest.raises(ProjectError, match="rate is not known"):
        Replay(walk, None, tmp_path / "x.npz", real_time=True)


def test_in_real_time_a_sample_is_sent_when_the_sensor_would_have_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0

    def sleep(seconds: float) -> None:
        nonlocal now
        assert 0 < seconds <= 1
        now += seconds

    monkeypatch.setattr(time, "monotonic", lambda: now)
    monkeypatch.setattr(time, "sleep", sleep)
    np.savez(folder / "x.npz", x=np.arange(100, dtype=np.int8))
    for rate, hop, sizes in ((40, 64, {0, 2}), (1, 7, {0, 7, 2})):
        text = f"hop = {hop}\nrate_hz = {rate}\n"
        walk = pipeline.start(board="native", model=DIGITS, folder=project(folder, text))
        session = Replay(walk, None, folder / "x.npz", real_time=True)
        began, sent = now, 0
        for block in session._blocks():
            sent += len(block)
            assert now - began == pytest.approx(sent / rate) or not block
            assert len(block) in sizes | {1}
        assert sent == 100
