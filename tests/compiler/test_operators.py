"""Every operator against the reference interpreter, bit for bit, under sanitizers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from kernel_server import KernelServer
from numpy.typing import NDArray
from operator_cases import CASES, SEEDS, for_reference, input_rows
from tflite_writer import write_tflite

from tinyflow.compiler.graph import Graph
from tinyflow.compiler.ops import OPS, check_node
from tinyflow.reference import ReferenceInterpreter

EXAMPLES = {"CONV_2D": 300, "DEPTHWISE_CONV_2D": 300, "FULLY_CONNECTED": 300, "ADD": 300}
OTHERS = 150


@pytest.fixture(scope="module")
def reference(reference_interpreter: None) -> Iterator[ReferenceInterpreter]:
    with ReferenceInterpreter() as interpreter:
        yield interpreter


@pytest.fixture(scope="module")
def kernels() -> Iterator[KernelServer]:
    with KernelServer() as server:
        yield server


def test_every_operator_has_cases() -> None:
    assert sorted(CASES) == sorted(OPS)


def operands(graph: Graph, row: NDArray[np.int8]) -> dict[int, NDArray[np.int8]]:
    """The values of the graph's inputs, by tensor, from one row of bytes."""
    ends = np.cumsum([graph.tensors[index].elements for index in graph.inputs])
    return dict(zip(graph.inputs, np.split(row, ends[:-1]), strict=True))


def check(
    graph: Graph, rows: NDArray[np.int8], reference: ReferenceInterpreter, kernels: KernelServer
) -> None:
    (node,) = graph.nodes
    op = OPS[node.op]
    assert check_node(graph, node) == []
    assert op.macs(graph, node) >= 0
    reference.load(write_tflite(for_reference(graph)))
    expected = reference.invoke(rows)
    call = op.lower(graph, node)
    for row, wanted in zip(rows, expected, strict=True):
        values = operands(graph, row)
        if call is None:
            np.testing.assert_array_equal(values[node.inputs[0]], wanted)
            continue
        given_inputs = [values[index] for index in call.inputs]
        found = kernels.run(call, given_inputs, wanted.size)
        np.testing.assert_array_equal(found, wanted)
        for index in op.in_place(graph, node):
            place = call.inputs.index(index)
            again = kernels.run(call, given_inputs, wanted.size, in_place=place)
            np.testing.assert_array_equal(again, wanted, err_msg=f"in place of input {place}")


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
