"""`import tinyflow` is quick, and offers the road to programs."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tinyflow
import tinyflow.errors

DIGITS = Path(__file__).parent / "models" / "digits.tflite"


def test_import_loads_nothing_else() -> None:
    program = (
        "import sys, tinyflow; "
        "print([m for m in sys.modules if m.startswith(('tinyflow.', 'numpy', 'click'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="no attribute 'depoy'"):
        tinyflow.depoy  # type: ignore[attr-defined]  # noqa: B018


def test_from_a_model_to_an_answer(tmp_path: Path) -> None:
    """Compile, build, run and connect, as a test rig would."""
    from tinyflow import build, flash, generate

    board = tinyflow.load_board("native")
    compiled = tinyflow.compile_model(DIGITS, folder=tmp_path / "c", name="digits")
    firmware = generate.write_project(tmp_path / "project", compiled, board, "cmake")
    image = build.build(firmware, board, tmp_path / "image")
    with (
        flash.flash(image, board, None) as flashed,
        tinyflow.connect(flashed, input=compiled.input, output=compiled.output) as dut,
        np.load(DIGITS.with_name("digits_test.npz")) as samples,
    ):
        assert dut.hello.model_sha256 == compiled.model_sha256
        scores = dut.predict(samples["x"][:20])
        assert (scores.argmax(axis=1) == samples["y"][:20]).mean() >= 0.95


def test_a_model_as_a_predictor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINYFLOW_CACHE_DIR", str(tmp_path))
    with np.load(DIGITS.with_name("digits_test.npz")) as samples:
        images, labels = samples["x"], samples["y"]
    with tinyflow.load(DIGITS) as model:
        scores = model.predict(images)
        assert scores.shape == (len(images), 10) and scores.dtype == np.float32
        assert (scores.argmax(axis=1) == labels).mean() >= 0.95
        alone = model.predict(images[3])
        np.testing.assert_array_equal(alone, scores[3])
        with pytest.raises(tinyflow.errors.ModelError, match="has shape"):
            model.predict(images[:, :5])
        with pytest.raises(tinyflow.errors.ModelError, match="takes one input, found 2"):
            model.predict(images, images)
        for wrong, text in (
            (["a"], "is of type"),
            ([[1.0, 2.0], [3.0]], "rows of different lengths"),
        ):
            with pytest.raises(tinyflow.errors.ModelError, match=text):
                model.predict(wrong)
        assert model.predict(images[:0]).shape == (0, 10)
        np.testing.assert_array_equal(model.predict(images[3].tolist()), scores[3])
        assert "digits: takes" in repr(model) and "int8 [1, 10]" in repr(model)
    with pytest.raises(tinyflow.errors.ProjectError, match="model digits is closed"):
        model.predict(images)
    kept = sorted(tmp_path.rglob("model.so"))
    before = kept[0].stat().st_mtime_ns
    with tinyflow.load(str(DIGITS)) as model:
        np.testing.assert_array_equal(model.predict(images[:5]), scores[:5])
    assert [file.stat().st_mtime_ns for file in kept] == [before], "compiled once"


def test_a_model_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(tinyflow.errors.ProjectError, match=r"none\.tflite cannot be read"):
        tinyflow.load(tmp_path / "none.tflite")
