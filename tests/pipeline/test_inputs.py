"""Seeded inputs, and real ones from a file."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinyflow.artifacts import TensorSpec
from tinyflow.errors import ProjectError
from tinyflow.pipeline.inputs import inputs_from_file, seeded_inputs

SPEC = TensorSpec("image", (1, 2, 3, 1), 0.5, -3)


def test_extremes_come_first_and_the_same_seed_gives_the_same_inputs() -> None:
    inputs = seeded_inputs([SPEC], 40, seed=5)
    assert inputs.shape == (40, 6)
    assert inputs.dtype == np.int8
    assert (inputs[0] == -128).all()
    assert (inputs[1] == 127).all()
    assert (inputs[2] == -3).all()
    assert set(inputs[3].tolist()) == {-128, 127}
    np.testing.assert_array_equal(inputs, seeded_inputs([SPEC], 40, seed=5))
    assert (inputs != seeded_inputs([SPEC], 40, seed=6)).any()


def test_real_samples_are_among_them() -> None:
    real = np.arange(12, dtype=np.int8).reshape(2, 6)
    inputs = seeded_inputs([SPEC], 30, seed=1, real=real)
    found = {tuple(row) for row in inputs.tolist()} & {tuple(row) for row in real.tolist()}
    assert found


def save(folder: Path, **arrays: Any) -> Path:
    np.savez(folder / "x.npz", **arrays)
    return folder / "x.npz"


def test_floats_are_quantised_and_int8_is_taken(tmp_path: Path) -> None:
    floats = np.full((3, 2, 3), 1.0)
    assert (inputs_from_file([SPEC], save(tmp_path, x=floats)) == -1).all()
    raw = np.arange(6, dtype=np.int8).reshape(1, 6)
    np.testing.assert_array_equal(inputs_from_file([SPEC], save(tmp_path, x=raw)), raw)


@pytest.mark.parametrize(
    ("arrays", "finding"),
    [
        ({"y": np.zeros(3)}, "has no array x"),
        ({"x": np.zeros((2, 7))}, r"x has shape \(2, 7\), the model takes \[N, 6\]"),
        ({"x": np.zeros((0, 6))}, "x has shape"),
        ({"x": np.float64(1)}, "x has shape"),
        ({"x": np.full((1, 6), np.nan)}, "not finite"),
        ({"x": np.zeros((1, 6), np.int64)}, "x is int64"),
        ({"x": np.array([[object()] * 6])}, "has no array x that can be read"),
    ],
)
def test_what_cannot_be_an_input_is_refused(
    tmp_path: Path, arrays: dict[str, Any], finding: str
) -> None:
    with pytest.raises(ProjectError, match=finding):
        inputs_from_file([SPEC], save(tmp_path, **arrays))


def test_files_that_are_no_npz(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="cannot be read"):
        inputs_from_file([SPEC], tmp_path / "none.npz")
    np.savez_compressed(tmp_path / "good.npz", x=np.arange(600).reshape(100, 6) / 7)
    good = (tmp_path / "good.npz").read_bytes()
    spoilt = good[:120] + bytes(byte ^ 0xFF for byte in good[120:160]) + good[160:]
    for content in (b"", b"PK\x03\x04 cut", b"not at all", spoilt):
        (tmp_path / "bad.npz").write_bytes(content)
        with pytest.raises(ProjectError):
            inputs_from_file([SPEC], tmp_path / "bad.npz")
