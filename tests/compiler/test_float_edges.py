"""Floats at a model's edges: what no integer can hold, and a network from floats to floats."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from float_networks import NETWORKS
from kernel_server import KernelServer
from numpy.typing import NDArray
from operator_cases.functions import of_scale, unary
from tflite_writer import write_tflite

from tinyflow.compiler import compile_model
from tinyflow.compiler.graph import Graph
from tinyflow.compiler.host import HostModel
from tinyflow.compiler.ops import check_node
from tinyflow.reference import ReferenceInterpreter

MOST = 2**31 - 1
EXTREMES = np.array(
    [math.nan, math.inf, -math.inf, 3e38, -3e38, 1e-45, -0.0, 2.0**31, -(2.0**31), 2.0**30],
    np.float32,
)


def run(graph: Graph, values: NDArray[np.float32], kernels: KernelServer) -> list[int]:
    assert check_node(graph, graph.nodes[0]) == []
    found: list[int] = kernels.run_node(graph, graph.nodes[0], {0: values})[1].tolist()
    return found


@pytest.mark.parametrize("dtype", ["int8", "int16"])
def test_quantising_limits_what_does_not_fit(dtype: str, kernels: KernelServer) -> None:
    zero_point = 7 if dtype == "int8" else 0
    output = (dtype, of_scale(0.5, zero_point))
    graph = unary("QUANTIZE", EXTREMES.shape, ("float32", None), output)
    ends = np.iinfo(dtype)
    low, high = ends.min, ends.max
    expected = [zero_point, high, low, high, low, zero_point, zero_point, high, low, high]
    assert run(graph, EXTREMES, kernels) == expected


def test_quantising_rounds_halves_away_from_zero(kernels: KernelServer) -> None:
    values = np.array([0.25, -0.25, 0.75, 0.24999999, -63.75, 63.75, 1e-40], np.float32)
    graph = unary("QUANTIZE", values.shape, ("float32", None), ("int8", of_scale(0.5, -1)))
    assert run(graph, values, kernels) == [0, -2, 1, -1, -128, 127, -1]
    # A quotient too small for single precision's normal numbers.
    tiny = unary("QUANTIZE", (1,), ("float32", None), ("int8", of_scale(3e38)))
    assert run(tiny, np.array([1.0], np.float32), kernels) == [0]


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("int8", [0, 127, -128, 127, -128, 0, 0, 127, -128, 127]),
        ("int16", [0, 32767, -32768, 32767, -32768, 0, 0, 32767, -32768, 32767]),
        (
            "int32",
            [MOST, MOST, -MOST - 1, MOST, -MOST - 1, 0, 0, MOST, -MOST - 1, 2**30],
        ),
        ("bool", [True, True, True, True, True, True, False, True, True, True]),
    ],
)
def test_casting_limits_what_does_not_fit_as_the_reference_does(
    dtype: str, expected: list[int], kernels: KernelServer, reference_interpreter: None
) -> None:
    options = {"in_data_type": "FLOAT32", "out_data_type": dtype.upper()}
    graph = unary("CAST", EXTREMES.shape, ("float32", None), (dtype, None), **options)
    assert run(graph, EXTREMES, kernels) == expected
    with ReferenceInterpreter(write_tflite(graph)) as reference:
        answer = reference.invoke(EXTREMES.view(np.int8)[np.newaxis])[0].view(dtype).tolist()
    # What it makes of no number as int16, and of all that does not fit int8, depends on the size of
    # the tensor and the place in it.
    judged = {"int8": slice(5, 7), "int16": slice(1, None)}.get(dtype, slice(None))
    assert answer[judged] == expected[judged]


@pytest.mark.usefixtures("reference_interpreter")
@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_from_floats_to_floats_equals_the_reference(name: str, tmp_path: Path) -> None:
    model = tmp_path / "network.tflite"
    model.write_bytes(write_tflite(NETWORKS[name]()))
    compiled = compile_model(model, folder=tmp_path / "c")
    rng = np.random.default_rng(2)
    reals = rng.normal(0, [[1], [0.01], [30], [1000]], (4, 60)).astype(np.float32)
    rows = np.ascontiguousarray(reals).view(np.int8)
    with HostModel(compiled) as host, ReferenceInterpreter(model) as reference:
        np.testing.assert_array_equal(host.invoke(rows), reference.invoke(rows))
