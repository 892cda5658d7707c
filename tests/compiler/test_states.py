"""Models that remember, compiled and run on this machine, over inputs in a row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from streaming_networks import NETWORKS
from tflite_writer import write_tflite

from tinyflow.artifacts import CompiledModel
from tinyflow.compiler import compile_model
from tinyflow.compiler.host import HostModel
from tinyflow.reference import ReferenceInterpreter

ROWS = 24


def compiled_network(name: str, folder: Path) -> tuple[Path, CompiledModel]:
    model = folder / f"{name}.tflite"
    model.write_bytes(write_tflite(NETWORKS[name]))
    return model, compile_model(model, folder=folder / "c")


def inputs(compiled: CompiledModel) -> np.ndarray:
    rows = np.random.default_rng(8).integers(-128, 128, (ROWS, compiled.input.size_bytes))
    rows[3], rows[4] = -128, 127
    rows[9:14] = rows[9]
    return rows.astype(np.int8)


@pytest.mark.usefixtures("reference_interpreter")
@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_a_stream_equals_the_references(name: str, tmp_path: Path) -> None:
    model, compiled = compiled_network(name, tmp_path)
    rows = inputs(compiled)
    with HostModel(compiled) as host, ReferenceInterpreter(model) as reference:
        expected = reference.invoke(rows)
        assert len(np.unique(expected[9:14], axis=0)) > 1, "the model forgets"
        np.testing.assert_array_equal(host.invoke(rows), expected)
        assert not np.array_equal(host.invoke(rows), expected)
        host.reset()
        reference.reset()
        np.testing.assert_array_equal(host.invoke(rows), expected)
        np.testing.assert_array_equal(reference.invoke(rows[:0]), expected[:0])
        np.testing.assert_array_equal(reference.invoke(rows), expected)


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_state_lies_apart_from_all_else_and_is_told(name: str, tmp_path: Path) -> None:
    _, compiled = compiled_network(name, tmp_path)
    graph = NETWORKS[name]
    states = [graph.tensors[state.tensor] for state in graph.states]
    assert compiled.state_bytes == sum(tensor.size_bytes for tensor in states)
    header = (compiled.path / "include" / f"{compiled.name}.h").read_text()
    assert f"void {compiled.name}_reset(int8_t *arena);" in header
