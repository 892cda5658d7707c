"""`import tinyflow` is quick, and offers the road to programs."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tinyflow

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
