"""What operators with weights and products of matrices refuse, beyond what all operators do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from graph_changes import change, rewire
from operator_cases import constant, one_node
from wide_sums import requantize_wide

from tinyflow.compiler.graph import Graph, Quantization, Tensor
from tinyflow.compiler.ops import check_node, sums
from tinyflow.compiler.quantmath import INT32_MAX, INT32_MIN, Multiplier, quantize_multiplier

HALF = Quantization((0.5,), (3,))
ZERO = Quantization((0.5,), (0,))
FINE = Quantization((0.01,), (0,))
SAME = {"padding": "SAME", "stride_h": 1, "stride_w": 1}


def wide(op: str = "CONV_2D", bias: str = "int64", weight: int = 1, depth: int = 2) -> Graph:
    """A valid convolution of int16, 1x6x6xdepth to 1x6x6x3."""
    channels = depth if op == "DEPTHWISE_CONV_2D" else 3
    shape = (1, 3, 3, depth) if op == "DEPTHWISE_CONV_2D" else (3, 3, 3, depth)
    return one_node(
        op,
        [
            Tensor("input", (1, 6, 6, depth), "int16", ZERO),
            constant("weights", np.full(shape, weight, np.int8), FINE),
            constant("bias", np.zeros(channels, bias), FINE),
            Tensor("output", (1, 6, 6, channels), "int16", ZERO),
        ],
        {**SAME, "depth_multiplier": 1} if op == "DEPTHWISE_CONV_2D" else SAME,
    )


def dense(weight_type: str = "int8") -> Graph:
    """A valid FULLY_CONNECTED of int8, 2x8 to 2x3."""
    matrix = np.ones((3, 8), np.int8)
    return one_node(
        "FULLY_CONNECTED",
        [
            Tensor("input", (2, 8), "int8", HALF),
            Tensor("weights", (3, 8), weight_type, FINE, matrix),
            Tensor("output", (2, 3), "int8", HALF),
        ],
    )


def transposed(**options: Any) -> Graph:
    """A valid TRANSPOSE_CONV of int8, 1x3x3x2 to 1x6x6x4, with stride 2."""
    return one_node(
        "TRANSPOSE_CONV",
        [
            constant("shape", np.array([1, 6, 6, 4], np.int32)),
            constant("weights", np.ones((4, 3, 3, 2), np.int8), FINE),
            Tensor("input", (1, 3, 3, 2), "int8", HALF),
            constant("bias", np.zeros(4, np.int32), FINE),
            Tensor("output", (1, 6, 6, 4), "int8", HALF),
        ],
        {"padding": "SAME", "stride_h": 2, "stride_w": 2, **options},
    )


def product(
    first: tuple[int, ...], second: tuple[int, ...], output: tuple[int, ...], **options: Any
) -> Graph:
    return one_node(
        "BATCH_MATMUL",
        [
            Tensor("first", first, "int8", HALF),
            Tensor("second", second, "int8", HALF),
            Tensor("output", output, "int8", HALF),
        ],
        {"adj_x": False, "adj_y": False, **options},
    )


def shape(values: list[int]) -> Graph:
    return change(transposed(), 0, data=np.array(values, np.int32), shape=(len(values),))


def bias(graph: Graph, position: int, values: list[int]) -> Graph:
    return change(graph, position, data=np.array(values, np.int64))


MATRICES = product((2, 3, 4), (4, 5), (2, 3, 5))

REFUSED: list[tuple[str, Graph, str]] = [
    ("int16 with a zero point", change(wide(), 0, quantization=HALF), "zero point 3"),
    ("int8 into int16", change(dense(), 2, dtype="int16"), "(found: input is int8, output int16)"),
    ("int8 with a wide bias", change(bias(wide(), 2, [0] * 3), 0, dtype="int8"), "input is int8"),
    ("depthwise int16 with int32", wide("DEPTHWISE_CONV_2D", "int32"), "(found: bias is int32)"),
    ("a float bias", change(wide(), 2, dtype="float32"), "(found: bias is float32)"),
    ("a bias of 50 bits", bias(wide(), 2, [0, 1 << 50, 0]), "a bias of 1125899906842624 in ch"),
    ("a sum of 48 bits", bias(wide(), 2, [0, 0, (1 << 47) - 1]), "found: 140737488945133 in ch"),
    ("a sum of 32 bits", wide(bias="int32", weight=127, depth=60), "in channel 0"),
    (
        "a factor of 2^7",
        change(wide(), 3, quantization=Quantization((0.5 * 0.01 / 128,), (0,))),
        "(found: factor 128 with 64-bit sums)",
    ),
    ("computed weights", change(dense(), 1, data=None), "(found: weights is computed)"),
    (
        "4-bit weights with a zero point",
        change(dense("int4"), 1, quantization=Quantization((0.1,), (1,))),
        "(found: zero point 1)",
    ),
    ("weights of 2 bits", change(dense(), 1, dtype="int2"), "(found: weights is int2)"),
    ("a computed shape", change(transposed(), 0, data=None), "(found: shape is computed)"),
    (
        "a shape of int64",
        change(transposed(), 0, data=np.array([1, 6, 6, 4]), dtype="int64"),
        "shape is int64",
    ),
    ("another shape", shape([1, 6, 7, 4]), "(found: 1x6x7x4 for 1x6x6x4)"),
    ("a short shape", shape([6, 6, 4]), "(found: 6x6x4 for 1x6x6x4)"),
    (
        "other channels",
        change(transposed(), 2, shape=(1, 3, 3, 3)),
        "3 input and 4 output channels",
    ),
    (
        "a larger input",
        change(transposed(), 2, shape=(1, 4, 3, 2)),
        "1x4x3x2 where 1x3x3x2 follows",
    ),
    ("stride 0", transposed(stride_w=0), "(found: filter 3x3, stride 2x0, dilation 1x1)"),
    ("padding in numbers", transposed(padding="EXPLICIT"), "(found: EXPLICIT)"),
    ("a short bias", change(transposed(), 3, data=np.zeros(3, np.int32), shape=(3,)), "3 for 4"),
    ("a constant input", change(transposed(), 2, data=np.zeros((1, 3, 3, 2), np.int8)), "constant"),
    ("two inputs", rewire(transposed(), inputs=(0, 1)), "(found: 2 inputs)"),
    ("a vector", product((4,), (4, 5), (5,)), "(found: first is 4)"),
    ("six dimensions", product((1,) * 6, (1, 1), (1,) * 6), "(found: first is 1x1x1x1x1x1)"),
    ("rows of another length", product((3, 4), (5, 6), (3, 6)), "3x4 and 5x6 became 3x6"),
    ("batches that do not meet", product((2, 3, 4), (3, 4, 5), (2, 3, 5)), "2x3x4 and 3x4x5"),
    ("another product", product((3, 4), (4, 5), (3, 6)), "3x4 and 4x5 became 3x6"),
    (
        "many transposed matrices for one",
        product((2, 4, 3), (1, 4, 5), (2, 3, 5), adj_x=True),
        "(found: 2 matrices for 1)",
    ),
    ("int8 by int16", change(MATRICES, 1, dtype="int16", quantization=ZERO), "second int16"),
    (
        "two constants",
        change(
            change(MATRICES, 0, data=np.zeros((2, 3, 4), np.int8)),
            1,
            data=np.zeros((4, 5), np.int8),
        ),
        "constants first and second",
    ),
    ("a long sum", product((1, 130000), (130000, 1), (1, 1)), "(found: 2230930000)"),
    (
        "a large factor",
        change(MATRICES, 2, quantization=Quantization((1e-11,), (0,))),
        "(found: factor 2.5e+10)",
    ),
]


@pytest.mark.parametrize(("graph", "found"), [pytest.param(g, f, id=i) for i, g, f in REFUSED])
def test_what_is_refused_is_told_with_what_was_found(graph: Graph, found: str) -> None:
    findings = check_node(graph, graph.nodes[0])
    assert any(found in finding for finding in findings), findings


@pytest.mark.parametrize(
    "graph",
    [
        *(wide(), wide(bias="int32"), wide("DEPTHWISE_CONV_2D"), dense(), dense("int4")),
        *(transposed(), MATRICES, product((2, 4, 3), (4, 5), (2, 3, 5), adj_x=True)),
        product((1, 4, 3), (1, 5, 4), (1, 3, 5), adj_x=True, adj_y=True),
    ],
)
def test_the_models_these_were_made_from_are_accepted(graph: Graph) -> None:
    assert check_node(graph, graph.nodes[0]) == []


@pytest.mark.parametrize(
    ("multiplier", "expected"),
    [
        (Multiplier(0, 0), (0, 15)),
        (Multiplier(1 << 30, 7), (1 << 14, 8)),
        (Multiplier((1 << 30) + (1 << 15), -31), ((1 << 14) + 1, 46)),
        (Multiplier((1 << 30) + (1 << 15) - 1, 0), (1 << 14, 15)),
        (Multiplier((1 << 31) - 1, 0), ((1 << 15) - 1, 15)),
    ],
)
def test_fifteen_bits_of_a_multiplier(multiplier: Multiplier, expected: tuple[int, int]) -> None:
    assert sums.wide_multiplier(multiplier) == expected


def test_wide_sums_are_rounded_once_and_wrap() -> None:
    half = quantize_multiplier(0.5)
    assert [requantize_wide(value, half) for value in (-3, -1, 1, 3)] == [-1, 0, 1, 2]
    assert requantize_wide(1 << 32, half) == INT32_MIN
    assert requantize_wide((1 << 32) - 2, half) == INT32_MAX
