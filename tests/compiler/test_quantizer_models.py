"""What ai-edge-quantizer writes: the generated C equals the reference, weights of 4 bits too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tinyflow.compiler import compile_model
from tinyflow.compiler.host import HostModel
from tinyflow.compiler.tflite_reader import read_tflite
from tinyflow.reference import ReferenceInterpreter

FOLDER = Path(__file__).parents[1] / "models" / "quantizer"
WEIGHTS = {"int4": {"int4", "int8"}, "int8": {"int8"}, "int16": {"int8"}}


@pytest.mark.usefixtures("reference_interpreter")
@pytest.mark.parametrize("name", WEIGHTS)
def test_every_layer_equals_the_reference(name: str, tmp_path: Path) -> None:
    model = FOLDER / f"{name}.tflite"
    graph = read_tflite(model)
    kinds = {graph.tensors[node.inputs[1]].dtype for node in graph.nodes if "CONV" in node.op}
    assert kinds == WEIGHTS[name]
    compiled = compile_model(model, folder=tmp_path / "c")
    rng = np.random.default_rng(3)
    rows = rng.integers(-128, 128, (12, compiled.input_bytes)).astype(np.int8)
    rows[0], rows[1] = -128, 127
    with HostModel(compiled) as host, ReferenceInterpreter(model) as reference:
        for row in rows:
            expected = reference.tensors(row)
            for layer, found in zip(compiled.layers, host.layers(row), strict=True):
                wanted = expected[layer.outputs[0].origin]
                np.testing.assert_array_equal(found, wanted.reshape(-1).view(np.int8))


def test_four_bits_stay_four_in_flash(tmp_path: Path) -> None:
    sizes = {
        name: compile_model(FOLDER / f"{name}.tflite", folder=tmp_path / name).weights_bytes
        for name in ("int4", "int8")
    }
    # 216 + 96 + 120 weights of convolutions and the dense layer, halved; scales may differ.
    assert 200 <= sizes["int8"] - sizes["int4"] <= 216
