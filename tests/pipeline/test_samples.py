"""Recorded samples: what is taken, how, and what is refused."""

from __future__ import annotations

import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyflow.artifacts import TensorSpec
from tinyflow.errors import ProjectError
from tinyflow.pipeline.samples import read
from tinyflow.sensors import Sensor

INPUT = TensorSpec("input", (1, 8, 1), 0.5, -3)
INT8 = Sensor("replay", Path(), "", 100, 1, 8, 4, 1, 0.5, 1 << 30, 30, 0)
INT16 = replace(INT8, value_bytes=2, scale=0.25)
THREE = replace(INT16, channels=3)


def test_floats_are_quantised_as_the_models_input(tmp_path: Path) -> None:
    x = np.linspace(-70, 70, 30, dtype=np.float32)
    np.savez(tmp_path / "x.npz", x=x)
    recording = read(tmp_path / "x.npz", INT8, INPUT)
    assert recording.data == INPUT.quantize(x).tobytes()
    assert recording.count == 30


def test_integers_are_taken_as_they_are(tmp_path: Path) -> None:
    x = np.arange(-12, 12, dtype=np.int8)
    np.savez(tmp_path / "x.npz", x=x.reshape(3, 8, 1))
    assert read(tmp_path / "x.npz", INT8, INPUT).data == x.tobytes()
    np.savez(tmp_path / "y.npz", x=np.arange(24, dtype=">i2").reshape(8, 3))
    recording = read(tmp_path / "y.npz", THREE, INPUT)
    assert recording.data == np.arange(24, dtype="<i2").tobytes()
    assert recording.count == 8


def test_a_sound_is_taken_as_it_is_or_as_fractions_of_full_scale(tmp_path: Path) -> None:
    pcm = np.array([-32768, -1, 0, 16384, 32767], dtype="<i2")
    with wave.open(str(tmp_path / "a.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(100)
        sound.writeframes(pcm.tobytes())
    assert read(tmp_path / "a.wav", INT16, INPUT).data == pcm.tobytes()
    wanted = INPUT.quantize(pcm.astype(np.float32) / 32768)
    assert read(tmp_path / "a.wav", INT8, INPUT).data == wanted.tobytes()
    for sensor, fact in ((replace(INT16, rate_hz=16000), "100 Hz"), (THREE, "1 channels")):
        with pytest.raises(ProjectError, match=fact):
            read(tmp_path / "a.wav", sensor, INPUT)
    assert read(tmp_path / "a.wav", replace(INT16, rate_hz=0), INPUT).count == 5


def test_a_table_is_in_the_units_of_the_training_data(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\ufeffx,y,z\n1,-0.25,0.375\n\n1e9,-1e9,-0.375\n")
    recording = read(tmp_path / "a.csv", THREE, INPUT)
    wanted = np.array([4, -1, 2, 32767, -32768, -2], dtype="<i2")
    assert recording.data == wanted.tobytes()
    assert recording.count == 2


@pytest.mark.parametrize(
    ("name", "content", "fact"),
    [
        ("a.txt", b"1", "no samples that can be read"),
        ("a.csv", b"", "no samples"),
        ("a.csv", b"x,y,z\n", "no samples"),
        ("a.csv", b"1,2\n", "line 1"),
        ("a.csv", b"1,2,3\n1,2,z\n", "line 2"),
        ("a.csv", b"1,2,nan\n", "not finite"),
        ("a.csv", b"\xff\xfe\xff", "no .csv"),
        ("a.csv", b'"' + b"x" * 200_000 + b'"', "no .csv"),
        ("a.wav", b"RIFF\x04\x00\x00\x00WAVE", "no .wav"),
        ("a.wav", b"", "no .wav"),
        ("a.npz", b"PK", "no array x"),
        ("b.npz", None, "cannot be read: No such file"),
    ],
)
def test_what_is_no_recording_is_refused(
    tmp_path: Path, name: str, content: bytes | None, fact: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ProjectError, match=fact):
        read(tmp_path / name, THREE, INPUT)


@pytest.mark.parametrize(
    ("values", "fact"),
    [
        (np.zeros((4, 2), np.float32), r"shape \[4, 2\]"),
        (np.zeros(6, np.float32), r"shape \[6\]"),
        (np.zeros((4, 3), np.int8), "int8 values"),
        (np.zeros((4, 3), np.uint16), "uint16 values"),
        (np.array([["a", "b", "c"]]), "<U1 values"),
        (np.array([[object()] * 3]), "no array x"),
        (np.zeros((0, 3), np.float32), "no samples"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(tmp_path: Path, values: object, fact: str) -> None:
    np.savez(tmp_path / "x.npz", x=values)  # type: ignore[arg-type]
    with pytest.raises(ProjectError, match=fact):
        read(tmp_path / "x.npz", THREE, INPUT)


def test_an_archive_that_grows_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "x.npz", x=np.zeros(100_000, np.int8))
    monkeypatch.setattr("tinyflow.pipeline.samples.MAX_FILE_BYTES", 10_000)
    with pytest.raises(ProjectError, match="the limit is 10000 B"):
        read(tmp_path / "x.npz", INT8, INPUT)


@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=300), suffix=st.sampled_from([".csv", ".wav", ".npz"]))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, suffix: str
) -> None:
    file = tmp_path_factory.mktemp("any") / f"a{suffix}"
    file.write_bytes(content)
    try:
        recording = read(file, INT8, INPUT)
    except ProjectError:
        return
    assert len(recording.data) == recording.count
