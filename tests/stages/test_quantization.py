"""The quantisation stage: the result is int8 throughout and agrees with the float model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinyflow import cache, evaluation, quantization
from tinyflow.compiler.tflite_reader import read_tflite
from tinyflow.config import QuantizationConfig
from tinyflow.errors import ModelError

pytestmark = pytest.mark.slow


def test_everything_is_int8(digits: Any) -> None:
    assert digits.tflite.sha256 == cache.file_sha256(digits.tflite.path)
    graph = read_tflite(digits.tflite.path)
    kinds = {tensor.dtype for tensor in graph.tensors}
    assert kinds <= {"int8", "int32"}
    assert [graph.tensors[name].shape for name in graph.inputs] == [(1, 8, 8, 1)]
    assert [graph.tensors[name].shape for name in graph.outputs] == [(1, 10)]


def test_the_same_input_gives_the_same_bytes(digits: Any, tmp_path: Path) -> None:
    config = QuantizationConfig(representative_samples=50)
    again = quantization.quantize(config, digits.pruned, digits.dataset, 1, tmp_path)
    assert again.sha256 == digits.tflite.sha256


def test_a_converter_that_dies(
    digits: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dying.py").write_text(
        "import os, signal\ndef convert(**_):\n    os.kill(os.getpid(), signal.SIGSEGV)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(quantization, "CONVERT", "dying:convert")
    with pytest.raises(ModelError, match=r"converter died by SIGSEGV on model\.keras"):
        quantization.quantize(QuantizationConfig(), digits.pruned, digits.dataset, 1, tmp_path)


def test_a_file_that_is_no_model(digits: Any, tmp_path: Path) -> None:
    file = tmp_path / "broken.keras"
    file.write_bytes(b"PK")
    broken = replace(digits.pruned, path=file)
    with pytest.raises(ModelError, match="is not a model Keras can load"):
        quantization.quantize(QuantizationConfig(), broken, digits.dataset, 1, tmp_path)


def test_the_float_model_as_a_predictor(digits: Any) -> None:
    found = evaluation.evaluate(evaluation.FloatModel(digits.pruned), digits.dataset, "validation")
    assert found.where == "float"
    assert found.accuracy == pytest.approx(digits.pruned.validation_accuracy)
    assert np.sum(found.confusion) == digits.dataset.splits[1].samples
