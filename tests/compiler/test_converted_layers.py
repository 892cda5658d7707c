"""Layers of Keras as the converter writes them: the generated C equals the reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from compared_layers import equal_layers

from tinyflow.compiler import compile_model
from tinyflow.compiler.host import HostModel
from tinyflow.compiler.tflite_reader import read_tflite
from tinyflow.reference import ReferenceInterpreter

FOLDER = Path(__file__).parents[1] / "models" / "layers"
OPERATORS = {
    "attention": {"BATCH_MATMUL", "FULLY_CONNECTED", "SOFTMAX", "TRANSPOSE"},
    "decoder": {"FULLY_CONNECTED", "RESHAPE", "TRANSPOSE_CONV"},
    "excited": {"AVERAGE_POOL_2D", "LOGISTIC", "MAXIMUM", "MEAN", "MINIMUM", "MUL", "PRELU"}
    | {"REDUCE_MAX", "SUB"},
    "grouped": {"CONV_2D"},
    "normalised": {"MEAN", "MUL", "NEG", "QUANTIZE", "RSQRT", "SQUARED_DIFFERENCE"},
    "temporal": {"ADD", "CONV_2D", "DEPTHWISE_CONV_2D", "MEAN", "PAD"},
    "upsampler": {"CONV_2D", "RESHAPE", "TRANSPOSE_CONV"},
}
MODELS = sorted(FOLDER.glob("*.tflite"))


ONLY_INT8 = {"excited", "normalised"}


def test_every_kind_of_layer_is_there_in_both_types() -> None:
    assert {model.stem for model in MODELS} == {
        f"{name}_{dtype}"
        for name in OPERATORS
        for dtype in ("int8", "int16")
        if dtype == "int8" or name not in ONLY_INT8
    }


@pytest.mark.usefixtures("reference_interpreter")
@pytest.mark.parametrize("model", MODELS, ids=lambda model: str(model.stem))
def test_every_layer_equals_the_reference(model: Path, tmp_path: Path) -> None:
    graph = read_tflite(model)
    name, _, dtype = model.stem.partition("_")
    assert {node.op for node in graph.nodes} >= OPERATORS[name]
    compiled = compile_model(model, folder=tmp_path / "c")
    ends = np.iinfo(dtype)
    rng = np.random.default_rng(1)
    size = graph.tensors[graph.inputs[0]].elements
    rows = rng.integers(ends.min, ends.max, (6, size), endpoint=True).astype(dtype)
    rows[0], rows[1] = ends.min, ends.max
    with HostModel(compiled) as host, ReferenceInterpreter(model) as reference:
        for row in rows.view(np.int8):
            assert equal_layers(compiled, host, reference, row)
