"""The training reference on its way from data to the firmware project."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tinyflow import pipeline
from tinyflow.artifacts import TfliteModel
from tinyflow.cache import file_sha256
from tinyflow.errors import ProjectError
from tinyflow.pipeline import Walk
from tinyflow.pipeline.reference import training_reference

DIGITS = Path(__file__).parents[1] / "models" / "digits.tflite"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reference")


def given(folder: Path, **options: object) -> Walk:
    return pipeline.start(board="native", model=DIGITS, folder=folder, **options)  # type: ignore[arg-type]


def test_a_model_alone_is_sketched_and_not_compared(folder: Path) -> None:
    made = training_reference(given(folder))
    assert made.sketches == 1 and not made.compares
    source = (given(folder).firmware().path / "src" / "reference.c").read_text()
    assert "drift     not scored: there are no training data" in source
    assert ".scale = 0.003921569f," in source


def test_a_file_of_training_data_is_what_a_model_is_compared_with(folder: Path) -> None:
    x = np.random.default_rng(1).random((200, 8, 8, 1)).astype(np.float32)
    np.savez(folder / "x.npz", x=x)
    walk = given(folder, training_data=folder / "x.npz")
    made = training_reference(walk)
    assert (made.inferences, made.judged, made.window) == (200, 200, 64)
    assert made.input_limit > 0 and made.output_limit > 0
    assert training_reference(walk) == made
    # Uniform values: bins of an eighth each.
    assert np.abs(np.array(made.shares[0]) / 4096 - 1).max() < 0.05

    project = walk.firmware()
    source = (project.path / "src" / "reference.c").read_text()
    listed = re.search(r"\.class_shares = \{ (.*) \}", source)
    assert listed is not None
    assert [int(n) for n in listed[1].split(", ")] == list(made.class_shares)
    assert "src/reference.c" in (project.path / "CMakeLists.txt").read_text()
    assert ".reference = &tnf_reference," in (project.path / "src" / "application.c").read_text()
    # A benchmark times no telemetry.
    timed = replace(walk, mlperf_override="ic01", _made={}).firmware()
    assert ".reference" not in (timed.path / "src" / "application.c").read_text()
    np.savez(folder / "x.npz", x=x[:, :4])
    for rows, told in ((x[:, :4], "x has shape"), (x[:9], "x has 9 samples, 10 are the least")):
        np.savez(folder / "x.npz", x=rows)
        with pytest.raises(ProjectError, match=told):
            training_reference(given(folder, training_data=folder / "x.npz"))
    with pytest.raises(ProjectError, match=r"none\.npz is not a file"):
        training_reference(given(folder, training_data=folder / "none.npz"))


def test_windows_that_overlap_are_alike(folder: Path) -> None:
    """An overlap of the sensor's windows widens the limits, unless the project says otherwise."""
    head = 'name = "d"\n[dataset]\nsource = "digits"\n'
    np.savez(folder / "x.npz", x=np.random.default_rng(1).random((200, 8, 8, 1), np.float32))
    limits = []
    for text in ("", "[sensor]\nhop = 16", "[sensor]\nhop = 16\n[drift]\nrepeats = 1"):
        (folder / "tinyflow.toml").write_text(f"{head}{text}\n")
        made = training_reference(given(folder, training_data=folder / "x.npz"))
        limits.append(made.input_limit)
    (folder / "tinyflow.toml").unlink()
    assert limits[1] > 2 * limits[0] and limits[2] == limits[0]


@pytest.mark.parametrize(
    ("settings", "compared", "classes"),
    [
        ("", True, True),
        ("classes = false\nfalse_alarm_rate = 0.01", True, False),
        ("window = 0", False, False),
    ],
)
def test_a_project_is_compared_with_its_own_data(
    settings: str, compared: bool, classes: bool, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "tinyflow.toml").write_text(
        f'name = "d"\nboard = "native"\n[dataset]\nsource = "digits"\n[drift]\n{settings}\n'
    )
    trained = TfliteModel(DIGITS, file_sha256(DIGITS))
    monkeypatch.setattr(Walk, "tflite", lambda walk: trained)
    made = training_reference(pipeline.start(folder=folder))
    assert made.compares == compared
    if compared:
        # The training split for the input, the validation split for the outputs.
        assert (made.inferences, made.judged) == (1169, 269)
        assert any(made.class_shares) == classes
        assert any(made.confidence_shares)
