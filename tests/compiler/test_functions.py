"""Functions of single values for every value there is, over many scales."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kernel_server import KernelServer
from numpy.typing import NDArray
from operator_cases.functions import of_scale, unary
from tflite_writer import write_tflite

from tinyflow import process
from tinyflow.compiler import tables
from tinyflow.compiler.graph import Graph, Quantization
from tinyflow.compiler.ops import OPS, check_node
from tinyflow.reference import ReferenceInterpreter
from tinyflow.reference.install import reference_folder

INT8 = np.arange(-128, 128).astype(np.int8)
INT16 = np.arange(-32768, 32768).astype(np.int16)
TABLES = 150
# The reference kernels have no ELU, but LiteRT's others make its table in the same way.
OTHER_KERNELS = """
import json, sys
sys.path.insert(0, sys.argv[1])
from ai_edge_litert.interpreter import Interpreter, OpResolverType
import numpy as np
found = []
for path in sys.argv[2:]:
    kind = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    model = Interpreter(model_path=path, experimental_op_resolver_type=kind)
    model.allocate_tensors()
    values = np.arange(-128, 128).astype(np.int8)
    model.set_tensor(model.get_input_details()[0]["index"], values)
    model.invoke()
    found.append(model.get_tensor(model.get_output_details()[0]["index"]).tolist())
print(json.dumps(found))
"""


def drawn(rng: np.random.Generator, low: float, high: float) -> Quantization:
    """A scale, evenly over the orders of magnitude, and any zero point."""
    scale = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    return of_scale(scale, int(rng.integers(-128, 128)))


def int8_model(op: str, rng: np.random.Generator) -> Graph:
    source, output = drawn(rng, 1e-4, 3.0), drawn(rng, 1e-3, 1.0)
    options: dict[str, Any] = {}
    if op == "LOGISTIC":
        output = of_scale(1 / 256, -128)
    elif op == "TANH" and rng.random() < 0.5:
        output = of_scale(1 / 128)
    elif op == "EXP":
        source = drawn(rng, 1e-4, 0.05)
    elif op == "RSQRT":
        source = Quantization(source.scales, (-128,))
    elif op == "HARD_SWISH":
        output = of_scale(source.scale * float(rng.uniform(0.01, 2)), output.zero_point)
    elif op == "LEAKY_RELU":
        options = {"alpha": float(np.float32(rng.uniform(0, 1.5)))}
    return unary(op, (256,), ("int8", source), ("int8", output), **options)


def table(graph: Graph) -> NDArray[np.int8]:
    (node,) = graph.nodes
    assert check_node(graph, node) == []
    (call,) = OPS[node.op].lower(graph, node)
    values: NDArray[np.int8] = call.constants[0].data
    return values


@pytest.mark.parametrize(
    "op",
    ["ABS", "EXP", "HARD_SWISH", "LEAKY_RELU", "LOG", "LOGISTIC", "RSQRT", "TANH"],
)
def test_tables_equal_the_reference(op: str, reference: ReferenceInterpreter) -> None:
    rng = np.random.default_rng(5)
    for _ in range(TABLES):
        graph = int8_model(op, rng)
        reference.load(write_tflite(graph))
        np.testing.assert_array_equal(table(graph), reference.invoke(INT8[np.newaxis])[0])


@pytest.mark.usefixtures("reference_interpreter")
def test_the_table_of_elu_is_that_of_litert(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    graphs = [int8_model("ELU", rng) for _ in range(TABLES)]
    paths = [tmp_path / f"elu{number}.tflite" for number in range(TABLES)]
    for graph, path in zip(graphs, paths, strict=True):
        path.write_bytes(write_tflite(graph))
    answer = process.run(
        [sys.executable, "-I", "-c", OTHER_KERNELS, str(reference_folder()), *map(str, paths)],
        timeout=60.0,
    )
    for graph, expected in zip(graphs, json.loads(answer.stdout), strict=True):
        np.testing.assert_array_equal(table(graph), expected)


@pytest.mark.parametrize("op", ["ABS", "EXP", "LEAKY_RELU", "LOG", "LOGISTIC", "RSQRT", "TANH"])
@pytest.mark.parametrize("scale", [1e-6, 2.0**-12, 2.0**-11, 3e-4, 2e-3])
def test_int16_functions_equal_the_reference_everywhere(
    op: str, scale: float, reference: ReferenceInterpreter, kernels: KernelServer
) -> None:
    made = 2.0**-15 if op in ("LOGISTIC", "TANH") else 7e-4
    options = {"alpha": 0.125} if op == "LEAKY_RELU" else {}
    values = INT16[32768:] if op == "RSQRT" else INT16
    ends = ("int16", of_scale(scale)), ("int16", of_scale(made))
    graph = unary(op, values.shape, *ends, **options)
    assert check_node(graph, graph.nodes[0]) == []
    reference.load(write_tflite(graph))
    expected = reference.invoke(values.view(np.int8)[np.newaxis]).view(np.int16)[0]
    found = kernels.run_node(graph, graph.nodes[0], {0: values})
    np.testing.assert_array_equal(found[1], expected)


def test_the_tables_of_softmax_reach_from_nearly_zero_to_one() -> None:
    exponential, reciprocal = tables.exp_table(), tables.reciprocal_table()
    assert exponential.shape == reciprocal.shape == (513,)
    assert (exponential[0], exponential[-1]) == (2, 32767)
    assert (reciprocal[0], reciprocal[-1]) == (32767, 16384)
    assert (np.diff(exponential.astype(int)) >= 0).all()
    assert (np.diff(reciprocal.astype(int)) <= 0).all()


@pytest.mark.parametrize(
    ("source", "output", "depth"),
    [
        (("int8", of_scale(0.1)), ("int16", of_scale(2.0**-16, -32768)), 4095),
        (("int16", of_scale(1e-3)), ("int16", of_scale(2.0**-15)), 65535),
    ],
)
def test_the_longest_rows_of_softmax_do_not_overflow(
    source: tuple[str, Quantization],
    output: tuple[str, Quantization],
    depth: int,
    reference: ReferenceInterpreter,
    kernels: KernelServer,
) -> None:
    graph = unary("SOFTMAX", (1, depth), source, output, beta=1.0)
    assert check_node(graph, graph.nodes[0]) == []
    reference.load(write_tflite(graph))
    row = np.full((1, depth), 50, source[0])
    for values in (row, row * (np.arange(depth) % 2).astype(source[0])):
        expected = reference.invoke(values.view(np.int8)).view(np.int16)
        found = kernels.run_node(graph, graph.nodes[0], {0: values})
        np.testing.assert_array_equal(found[1], expected)


def test_a_function_that_grows_beyond_floats_has_no_points() -> None:
    assert tables.int16_table(tables.exp, 1e-2, 1e-3) is None
    graph = unary("EXP", (4,), ("int16", of_scale(1e-2)), ("int16", of_scale(1e-3)))
    (found,) = check_node(graph, graph.nodes[0])
    assert "finite" in found and "(found: input scale 0.01, output scale 0.001)" in found


def test_outputs_beyond_the_range_are_limited() -> None:
    """Where the runtime converts what its integers cannot hold, which C leaves undefined."""
    graph = unary("EXP", (256,), ("int8", of_scale(1.0)), ("int8", of_scale(1e-6)))
    made = table(graph)
    assert made[0] == 0 and (made[128 + 5 :] == 127).all()
