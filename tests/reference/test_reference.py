"""The reference interpreter: what it answers, and what happens when it dies."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from tflite_writer import write_tflite

from tinyflow.artifacts import TensorSpec
from tinyflow.compiler.graph import Graph, Node, Quantization, Tensor
from tinyflow.errors import ModelError, ToolError
from tinyflow.reference import ReferenceInterpreter, install, install_reference, reference_folder

pytestmark = pytest.mark.usefixtures("reference_interpreter")


def two_layers() -> Graph:
    """RELU then a fully connected layer that swaps the two values and halves them."""
    unit, half = Quantization((1.0,), (0,)), Quantization((2.0,), (0,))
    weights = np.array([[0, 1], [1, 0]], np.int8)
    return Graph(
        tensors=(
            Tensor("in", (1, 2), "int8", unit),
            Tensor("relu", (1, 2), "int8", unit),
            Tensor("w", (2, 2), "int8", unit, weights),
            Tensor("b", (2,), "int32", unit, np.array([0, 20], np.int32)),
            Tensor("out", (1, 2), "int8", half),
        ),
        nodes=(Node("RELU", (0,), (1,)), Node("FULLY_CONNECTED", (1, 2, 3), (4,), {}, 1)),
        inputs=(0,),
        outputs=(4,),
    )


def test_it_runs_a_model_and_shows_every_layer() -> None:
    with ReferenceInterpreter(write_tflite(two_layers())) as reference:
        assert (reference.input_bytes, reference.output_bytes) == (2, 2)
        outputs = reference.invoke(np.array([[10, -4], [100, 60]], np.int8))
        np.testing.assert_array_equal(outputs, [[0, 15], [30, 60]])
        relu, last = reference.tensors(np.array([10, -4], np.int8)).values()
        np.testing.assert_array_equal(relu, [[10, 0]])
        np.testing.assert_array_equal(last, [[0, 15]])


def test_many_rows_are_asked_for_in_parts_and_stay_in_order() -> None:
    rows = np.arange(100, dtype=np.int8).reshape(50, 2)
    with ReferenceInterpreter(write_tflite(two_layers())) as reference:
        together = reference.invoke(rows)
        alone = np.concatenate([reference.invoke(row[np.newaxis]) for row in rows])
    np.testing.assert_array_equal(together, alone)


def test_it_is_a_predictor_by_the_models_own_scales_or_by_given_ones() -> None:
    content = write_tflite(two_layers())
    features = np.array([[4.0, 8.0]], np.float32)
    with ReferenceInterpreter(content) as reference:
        assert reference.where == "int8"
        assert reference.input == TensorSpec("in", (1, 2), 1.0, 0)
        np.testing.assert_array_equal(reference.predict(features), [[8.0, 24.0]])
    finer = TensorSpec("in", (1, 2), 0.5, 0)
    with ReferenceInterpreter(content, input=finer) as reference:
        np.testing.assert_array_equal(reference.predict(features), [[16.0, 28.0]])


def test_a_model_it_cannot_read_is_an_error_and_the_next_one_loads() -> None:
    with ReferenceInterpreter() as reference:
        with pytest.raises(ModelError, match="refuses"):
            reference.load(b"not a model" * 10)
        reference.load(write_tflite(two_layers()))
        assert reference.invoke(np.zeros((1, 2), np.int8)).shape == (1, 2)


def test_a_child_that_dies_names_the_signal_and_can_be_started_again() -> None:
    content = write_tflite(two_layers())
    with ReferenceInterpreter(content) as reference:
        first = reference.pid
        assert first is not None
        os.kill(first, signal.SIGSEGV)
        with pytest.raises(ModelError, match="died of the model with SIGSEGV"):
            reference.invoke(np.zeros((1, 2), np.int8))
        reference.load(content)
        assert reference.pid not in (None, first)
        assert reference.invoke(np.zeros((1, 2), np.int8)).shape == (1, 2)


def test_a_model_that_really_crashes_it_is_an_error() -> None:
    """A pool whose stride is 0 divides by it."""
    image = Quantization((1.0,), (0,))
    graph = Graph(
        (Tensor("in", (1, 4, 4, 1), "int8", image), Tensor("out", (1, 4, 4, 1), "int8", image)),
        (
            Node(
                "MAX_POOL_2D", (0,), (1,),
                {"padding": "SAME", "stride_w": 0, "stride_h": 0,
                 "filter_width": 2, "filter_height": 2},
            ),
        ),
        (0,),
        (1,),
    )  # fmt: skip
    with (
        ReferenceInterpreter() as reference,
        pytest.raises(ModelError, match=r"SIG|refuses"),
    ):
        reference.load(write_tflite(graph))


def test_a_request_over_its_time_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    with ReferenceInterpreter(write_tflite(two_layers())) as reference:
        child = reference.pid
        assert child is not None
        os.kill(child, signal.SIGSTOP)
        monkeypatch.setattr(reference, "_seconds", 0.2)
        with pytest.raises(ModelError, match="does not end"):
            reference.invoke(np.zeros((1, 2), np.int8))
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)


def test_inputs_of_another_size_are_refused() -> None:
    with (
        ReferenceInterpreter(write_tflite(two_layers())) as reference,
        pytest.raises(ValueError, match="expected int8"),
    ):
        reference.invoke(np.zeros((1, 3), np.int8))


def test_a_missing_one_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(install.FOLDER_VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(ToolError, match="is not installed") as caught:
        reference_folder()
    assert caught.value.hints == ("tinyflow doctor --install",)


def test_another_release_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ai_edge_litert").mkdir()
    (tmp_path / "ai_edge_litert" / "interpreter.py").touch()
    (tmp_path / "ai_edge_litert-1.3.0.dist-info").mkdir()
    monkeypatch.setenv(install.FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(ToolError, match=r"holds ai-edge-litert 1\.3\.0, the reference is 1\.2\.0"):
        reference_folder()


def test_a_broken_one_shows_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ai_edge_litert").mkdir()
    (tmp_path / "ai_edge_litert" / "__init__.py").touch()
    (tmp_path / "ai_edge_litert" / "interpreter.py").write_text("raise ImportError('half of it')")
    monkeypatch.setenv(install.FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(ToolError, match="does not start") as caught:
        ReferenceInterpreter().load(b"")
    assert any("half of it" in line for line in caught.value.detail)


def test_a_python_without_a_release_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(install.FOLDER_VARIABLE, str(tmp_path / "nowhere"))

    class Version(tuple):  # type: ignore[type-arg]
        major, minor = 3, 13

    monkeypatch.setattr(sys, "version_info", Version((3, 13, 1)))
    for ask in (reference_folder, install_reference):
        with pytest.raises(ToolError, match=r"not released for Python 3\.13"):
            ask()


def test_the_digits_model_is_right_on_59_of_60_kept_samples() -> None:
    models = Path(__file__).parents[1] / "models"
    kept = np.load(models / "digits_test.npz")
    with ReferenceInterpreter(models / "digits.tflite") as reference:
        scores = reference.predict(kept["x"])
        layers = [*reference.tensors(reference.input.quantize(kept["x"][0]).reshape(-1)).values()]
    assert int((scores.argmax(axis=1) == kept["y"]).sum()) == 59
    assert [layer.shape for layer in layers[-3:]] == [(1, 48), (1, 10), (1, 10)]
    np.testing.assert_array_equal(reference.output.dequantize(layers[-1]), scores[:1])
