"""Reductions of int16 that the reference interpreter does not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kernel_server import KernelServer
from numpy.typing import NDArray
from operator_cases import SEEDS, input_rows
from operator_cases.reductions import place, reduction

from tinyflow.compiler.graph import Graph
from tinyflow.compiler.ops import check_node
from tinyflow.compiler.quantmath import quantize_multiplier, requantize

FEW = settings(
    derandomize=True, deadline=None, max_examples=100, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def kernels() -> Iterator[KernelServer]:
    with KernelServer() as server:
        yield server


def outputs(
    graph: Graph, seed: int, kernels: KernelServer
) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Inputs and what the kernel makes of them."""
    (node,) = graph.nodes
    assert check_node(graph, node) == []
    for row in input_rows(graph, seed):
        values = np.frombuffer(row.tobytes(), np.int16).reshape(graph.tensors[0].shape)
        found = kernels.run_node(graph, node, {0: values})
        yield values, found[node.outputs[0]]


def test_a_sum_is_scaled_and_clamped(kernels: KernelServer) -> None:
    @FEW
    @given(reduction("SUM", st.just("int16"), rescaled=True), SEEDS)
    def run(graph: Graph, seed: int) -> None:
        source, axes, output = graph.tensors
        assert source.quantization and output.quantization and axes.data is not None
        multiplier = quantize_multiplier(source.quantization.scale / output.quantization.scale)
        over = tuple({int(axis) % len(source.shape) for axis in axes.data})
        for values, found in outputs(graph, seed, kernels):
            sums = values.sum(axis=over, dtype=np.int64).reshape(-1)
            scaled = [requantize(int(value), multiplier) for value in sums]
            wanted = np.clip(scaled, -32768, 32767).reshape(output.shape)
            np.testing.assert_array_equal(found, wanted)

    run()


@pytest.mark.parametrize("op", ["ARG_MAX", "ARG_MIN"])
def test_the_first_of_the_extreme_values_is_found(op: str, kernels: KernelServer) -> None:
    @FEW
    @given(place(op, "int16"), SEEDS)
    def run(graph: Graph, seed: int) -> None:
        axis = graph.tensors[1].data
        assert axis is not None
        find = np.argmax if op == "ARG_MAX" else np.argmin
        for values, found in outputs(graph, seed, kernels):
            wanted = find(values, axis=int(axis.reshape(-1)[0]))
            np.testing.assert_array_equal(found, wanted.reshape(found.shape))

    run()
