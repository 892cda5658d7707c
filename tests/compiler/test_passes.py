"""Shrinking a graph changes no bit: random networks before and after, kernel by kernel."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kernel_server import KernelServer
from layered_graph import assert_same, for_reference, run
from operator_cases import input_rows
from random_networks import random_networks
from tflite_writer import write_tflite

from tinyflow.compiler import compile_model
from tinyflow.compiler.graph import Graph
from tinyflow.compiler.host import HostModel
from tinyflow.compiler.ops import check_node
from tinyflow.compiler.passes import PASSES, shrink, total_macs
from tinyflow.compiler.tflite_reader import read_tflite
from tinyflow.compiler.verify import verify_graph
from tinyflow.reference import ReferenceInterpreter

EXAMPLES = 150


def some(examples: int) -> settings:
    return settings(
        derandomize=True,
        deadline=None,
        max_examples=examples,
        suppress_health_check=list(HealthCheck),
    )


def test_no_bit_changes(kernels: KernelServer, reference: ReferenceInterpreter) -> None:
    """Every tensor that is left is the reference's; and every pass had something to do."""
    did: Counter[str] = Counter()

    @some(EXAMPLES)
    @given(random_networks(), st.integers(0, 2**31))
    def check(before: Graph, seed: int) -> None:
        after, changes = shrink(before)
        did.update(change.name for change in changes)
        assert total_macs(after) <= total_macs(before)
        rows = input_rows(before, seed)
        reference.load(for_reference(before))
        expected = reference.invoke(rows)
        for row, answer in zip(rows, expected, strict=True):
            found = run(kernels, after, row)
            assert_same(before, run(kernels, before, row), after, found)
            outputs = [found[index].reshape(-1) for index in after.outputs]
            np.testing.assert_array_equal(np.concatenate(outputs), answer)

    check()
    assert set(did) >= {item.name for item in PASSES} - {"fold_constants"}


@some(EXAMPLES)
@given(random_networks())
def test_a_shrunk_graph_is_sound_and_shrinks_no_further(graph: Graph) -> None:
    after, _ = shrink(graph)
    verify_graph(after, "shrinking")
    assert all(check_node(after, node) == [] for node in after.nodes)
    again, changes = shrink(after)
    assert again is after and changes == ()
    assert (after.inputs, after.outputs) == (graph.inputs, graph.outputs)


@some(6)
@given(random_networks(), st.integers(0, 2**31))
def test_the_compiled_c_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, graph: Graph, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("network")
    model = folder / "network.tflite"
    model.write_bytes(write_tflite(graph))
    outputs = []
    for shrinking in (False, True):
        compiled = compile_model(model, folder=folder / f"c{shrinking}", shrinking=shrinking)
        with HostModel(compiled) as host:
            outputs.append(host.invoke(input_rows(graph, seed)))
    np.testing.assert_array_equal(*outputs)


MODELS = Path(__file__).parents[3] / "shared" / "models" / "mlperf_tiny"
needs_models = pytest.mark.skipif(
    not MODELS.is_dir(), reason="../shared/models/mlperf_tiny is not beside this checkout"
)


@needs_models
@pytest.mark.parametrize("name", ["ad01_int8", "kws_ref_model", "pretrainedResnet_quant"])
def test_a_model_without_constant_channels_stays(name: str) -> None:
    graph = read_tflite(MODELS / f"{name}.tflite")
    assert shrink(graph) == (graph, ())


@needs_models
def test_channels_of_vww_that_nothing_needs_are_removed(tmp_path: Path) -> None:
    model = MODELS / "vww_96_int8.tflite"
    compiled = [
        compile_model(model, folder=tmp_path / f"c{shrinking}", shrinking=shrinking)
        for shrinking in (False, True)
    ]
    assert [found.macs for found in compiled] == [7_489_664, 3_727_313]
    assert "removed 1,724 channels, 3.76 M MACs" in compiled[1].changes
    assert not any("removed" in change for change in compiled[0].changes)
    rows = np.random.default_rng(5).integers(-128, 128, (24, 96 * 96 * 3)).astype(np.int8)
    rows[0], rows[1] = -128, 127
    rows[2] = np.where(rows[2] < 0, -128, 127)
    outputs = []
    for found in compiled:
        with HostModel(found) as host:
            outputs.append(host.invoke(rows))
    np.testing.assert_array_equal(*outputs)
