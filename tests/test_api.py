"""`import tinyflow` is quick, and offers the road to programs."""

import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

import tinyflow
import tinyflow.errors
from tinyflow.artifacts import CompiledModel, FlashedBoard, TfliteModel

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
        dut.close()
        _connects_by_name(flashed, compiled, samples["x"][:3], scores[:3])


def _connects_by_name(
    flashed: FlashedBoard, compiled: CompiledModel, features: NDArray[Any], scores: NDArray[Any]
) -> None:
    """A port and a model, named in all the ways that a rig has them."""
    models = (DIGITS, str(DIGITS), compiled, TfliteModel(DIGITS, compiled.model_sha256))
    for model in models:
        with tinyflow.connect(flashed.port, board="native", model=model) as dut:
            np.testing.assert_array_equal(dut.predict(features), scores)
    with tinyflow.connect(Path(flashed.port), baud=57600) as dut:
        assert dut.hello.model == "digits"
        assert dut.predict(features.reshape(3, -1)).shape == (3, 10), "flat without a model"
        for wrong in (features[0], features[:, :4], np.zeros((1, 65)), np.float32(5.0)):
            with pytest.raises(tinyflow.errors.ModelError, match=r"has shape \[N, 64\]"):
                dut.predict(np.asarray(wrong))
        for strange in ("abc", [[1.0], [2.0, 3.0]]):
            with pytest.raises(tinyflow.errors.ModelError, match="in rows of one length"):
                dut.predict(cast("Any", strange))
        assert dut.predict(features[:0].reshape(0, 64)).shape == (0, 10)
        floats: Any = np.zeros((1, 16), np.float32)
        with pytest.raises(tinyflow.errors.ModelError, match="an array of int8, found float32"):
            dut.infer(floats)
    with tinyflow.connect(flashed, model=compiled.model_sha256.upper(), timeout=2.0) as dut:
        dut.infer(bytes(dut.hello.input_bytes))
        assert dut.telemetry().inferences > 0
    with tinyflow.connect(flashed.port, board="native", reset=True) as dut:
        assert dut.telemetry().inferences == 0
    with pytest.raises(
        tinyflow.errors.DeviceError, match=r"the board on .* runs another model: digits"
    ):
        tinyflow.connect(flashed.port, model="0" * 64)


def test_what_cannot_be_connected_says_so(tmp_path: Path) -> None:
    errors = tinyflow.errors
    with pytest.raises(errors.ProjectError, match="neither a port nor a board was named"):
        tinyflow.connect()
    with pytest.raises(errors.ProjectError, match="it has no port of its own"):
        tinyflow.connect(board="native")
    with pytest.raises(errors.ProjectError, match="board nativ is unknown, did you mean native"):
        tinyflow.connect("socket://127.0.0.1:1", board="nativ")
    with pytest.raises(errors.ProjectError, match="gives the board no time to answer"):
        tinyflow.connect("socket://127.0.0.1:1", timeout=0)
    with pytest.raises(errors.ProjectError, match="a baud rate is 1 to 20000000, found 0"):
        tinyflow.connect("socket://127.0.0.1:1", baud=0)
    with pytest.raises(errors.ProjectError, match="a restart needs to know the board"):
        tinyflow.connect("socket://127.0.0.1:1", reset=True)
    with pytest.raises(errors.ProjectError, match=r"none\.tflite cannot be read"):
        tinyflow.connect("socket://127.0.0.1:1", model=tmp_path / "none.tflite")
    with pytest.raises(errors.DeviceError, match="ttyNONE does not exist"):
        tinyflow.connect(tmp_path / "ttyNONE")
    with pytest.raises(errors.DeviceError, match="the port's name is empty"):
        tinyflow.connect("")
    with pytest.raises(errors.DeviceError, match="does not exist"):
        tinyflow.connect("/dev/tty\0")
    with pytest.raises(errors.DeviceError, match="no port with USB ids FFFF:FFFF"):
        tinyflow.connect("FFFF:FFFF")


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
