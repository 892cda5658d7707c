"""Operators of int16 that the reference interpreter does not have, against their arithmetic."""

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
from operator_cases.binary import prelu, squared_difference
from operator_cases.reductions import place, reduction

from tinyflow.compiler.graph import Graph, Quantization
from tinyflow.compiler.ops import check_node
from tinyflow.compiler.quantmath import (
    Multiplier,
    quantize_multiplier,
    requantize,
    squared_difference_scales,
)

FEW = settings(
    derandomize=True, deadline=None, max_examples=100, suppress_health_check=list(HealthCheck)
)


def outputs(
    graph: Graph, seed: int, kernels: KernelServer
) -> Iterator[tuple[list[Any], NDArray[Any]]]:
    """Operands and what the kernel makes of them."""
    (node,) = graph.nodes
    assert check_node(graph, node) == []
    for row in input_rows(graph, seed):
        ends = np.cumsum([graph.tensors[index].elements for index in graph.inputs])
        parts = np.split(np.frombuffer(row.tobytes(), np.int16), ends[:-1])
        values = {
            index: part.reshape(graph.tensors[index].shape)
            for index, part in zip(graph.inputs, parts, strict=True)
        }
        found = kernels.run_node(graph, node, values)
        both = [values[i] if i in values else graph.tensors[i].data for i in node.inputs]
        yield both, found[node.outputs[0]]


def clamped(values: NDArray[Any], multiplier: Multiplier) -> NDArray[Any]:
    """int64 values that are 32-bit accumulators, as int16."""
    scaled = [requantize(int(value), multiplier) for value in values.reshape(-1)]
    return np.clip(np.array(scaled, np.int64), -32768, 32767).reshape(values.shape)


def kinds(graph: Graph) -> list[Quantization]:
    return [tensor.quantization for tensor in graph.tensors if tensor.quantization is not None]


def test_a_sum_is_scaled_and_clamped(kernels: KernelServer) -> None:
    @FEW
    @given(reduction("SUM", st.just("int16"), rescaled=True), SEEDS)
    def run(graph: Graph, seed: int) -> None:
        source, output = kinds(graph)
        multiplier = quantize_multiplier(source.scale / output.scale)
        for (values, axes), found in outputs(graph, seed, kernels):
            over = tuple({int(axis) % values.ndim for axis in axes})
            sums = values.sum(axis=over, dtype=np.int64)
            np.testing.assert_array_equal(found, clamped(sums, multiplier).reshape(found.shape))

    run()


@pytest.mark.parametrize("op", ["ARG_MAX", "ARG_MIN"])
def test_the_first_of_the_extreme_values_is_found(op: str, kernels: KernelServer) -> None:
    @FEW
    @given(place(op, "int16"), SEEDS)
    def run(graph: Graph, seed: int) -> None:
        find = np.argmax if op == "ARG_MAX" else np.argmin
        for (values, axis), found in outputs(graph, seed, kernels):
            wanted = find(values, axis=int(axis.reshape(-1)[0]))
            np.testing.assert_array_equal(found, wanted.reshape(found.shape))

    run()


def test_a_square_is_that_of_the_difference_in_one_scale(kernels: KernelServer) -> None:
    @FEW
    @given(squared_difference("int16"), SEEDS)
    def run(graph: Graph, seed: int) -> None:
        scales = squared_difference_scales(*(kind.scale for kind in kinds(graph)), left_shift=0)
        first, second, whole = map(quantize_multiplier, scales)
        for (one, two), found in outputs(graph, seed, kernels):
            left = clamped(one.astype(np.int64), first)
            difference = left - clamped(two.astype(np.int64), second)
            np.testing.assert_array_equal(found, clamped(difference * difference, whole))

    run()


def test_values_under_zero_are_multiplied_by_alpha(kernels: KernelServer) -> None:
    @FEW
    @given(prelu("int16"), SEEDS)
    def run(graph: Graph, seed: int) -> None:
        source, alpha, output = kinds(graph)
        positive = quantize_multiplier(source.scale / output.scale)
        factor = source.scale * alpha.scale / output.scale
        for (values, alphas), found in outputs(graph, seed, kernels):
            products = values.astype(np.int64) * (alphas.astype(np.int64) - alpha.zero_point)
            kept = clamped(values.astype(np.int64), positive)
            leaked = clamped(products, quantize_multiplier(factor))
            np.testing.assert_array_equal(found, np.where(values >= 0, kept, leaked))

    run()
