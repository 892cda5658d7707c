"""Every operator against the reference interpreter, bit for bit, under sanitizers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from kernel_server import KernelServer
from numpy.typing import NDArray
from operator_cases import CASES, SEEDS, for_reference, input_rows, long_sums
from operator_cases.recurrent import initial_states
from tflite_writer import write_tflite

from tinyflow.compiler.graph import Graph, Tensor
from tinyflow.compiler.ops import OPS, check_node
from tinyflow.reference import ReferenceInterpreter

EXAMPLES = {"CONV_2D": 300, "DEPTHWISE_CONV_2D": 300, "FULLY_CONNECTED": 300, "ADD": 300}
EXAMPLES |= {"BATCH_MATMUL": 300, "TRANSPOSE_CONV": 300}
OTHERS = 150


def test_every_operator_has_cases() -> None:
    assert sorted(CASES) == sorted(OPS)


def operands(graph: Graph, row: NDArray[np.int8]) -> dict[int, NDArray[Any]]:
    """The values of the graph's inputs, by tensor, from one row of bytes."""
    return split(row, [graph.tensors[index] for index in graph.inputs], graph.inputs)


def split(
    row: NDArray[np.int8], tensors: Sequence[Tensor], indices: Sequence[int]
) -> dict[int, NDArray[Any]]:
    ends = np.cumsum([tensor.size_bytes for tensor in tensors])
    parts = np.split(row, ends[:-1])
    return {
        index: np.frombuffer(part.tobytes(), tensor.dtype).reshape(tensor.shape)
        for index, tensor, part in zip(indices, tensors, parts, strict=True)
    }


def signs(asked: Graph, indices: Sequence[int]) -> NDArray[np.int8]:
    """What is flipped of tensors that the reference takes as uint8, 128 larger than int8."""
    tensors = [asked.tensors[index] for index in indices]
    flips = [np.full(t.size_bytes, -128 * (t.dtype == "uint8"), np.int8) for t in tensors]
    return np.concatenate(flips)


def check(
    graph: Graph, rows: NDArray[np.int8], reference: ReferenceInterpreter, kernels: KernelServer
) -> None:
    (node,) = graph.nodes
    op = OPS[node.op]
    assert check_node(graph, node) == []
    assert op.macs(graph, node) >= 0
    asked = for_reference(graph)
    reference.load(write_tflite(asked))
    expected = reference.invoke(rows ^ signs(asked, asked.inputs)) ^ signs(asked, asked.outputs)
    kept = initial_states(graph)
    for row, answer in zip(rows, expected, strict=True):
        values = operands(graph, row) | kept
        wanted = split(answer, [graph.tensors[i] for i in graph.outputs], graph.outputs)
        found = kernels.run_node(graph, node, values)
        kept |= {tensor: found[tensor] for tensor in op.updates(graph, node)}
        for tensor in graph.outputs:
            np.testing.assert_array_equal(found[tensor], wanted[tensor])
        for lap in op.overlaps(graph, node):
            again = kernels.run_node(graph, node, values, in_place=lap)
            np.testing.assert_array_equal(
                again[lap.output], wanted[lap.output], err_msg=f"in place of {lap.input}"
            )


@pytest.mark.parametrize("op", sorted(OPS))
def test_the_kernel_equals_the_reference(
    op: str, reference: ReferenceInterpreter, kernels: KernelServer
) -> None:
    @settings(
        derandomize=True,
        deadline=None,
        max_examples=EXAMPLES.get(op, OTHERS),
        suppress_health_check=list(HealthCheck),
    )
    @given(CASES[op], SEEDS)
    def run(graph: Graph, seed: int) -> None:
        check(graph, input_rows(graph, seed), reference, kernels)

    run()


@pytest.mark.parametrize("op", long_sums.OPERATORS)
def test_a_sum_of_64_bits_equals_the_reference(
    op: str, reference: ReferenceInterpreter, kernels: KernelServer
) -> None:
    """All inputs at the ends of int16, over as many products as leave 32 bits and more."""
    for depth in long_sums.DEPTHS:
        graph = long_sums.long_sum(op, depth)
        ends = [graph.tensors[index].elements for index in graph.inputs]
        rows = [
            np.repeat(np.array(fill[: len(ends)], np.int16), ends).view(np.int8)
            for fill in ((-32768, -32768), (32767, -32768), (32767, 32767), (-12345, 321))
        ]
        check(graph, np.array(rows), reference, kernels)
        assert np.abs(reference.invoke(np.array(rows)).view(np.int16).astype(int)).max() > 16000
