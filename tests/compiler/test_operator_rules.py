"""What the operators refuse, and what they say of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from graph_changes import change, rewire
from operator_cases import activation, constant, one_node

from tinyflow.compiler.graph import ABSENT, Graph, Node, Quantization, Tensor
from tinyflow.compiler.ops import OPS, check_node
from tinyflow.compiler.ops.op import rule_text

HALF = Quantization((0.5,), (3,))
UNIT = Quantization((1.0,), (0,))


def conv(**options: Any) -> Graph:
    """A valid CONV_2D, 1x6x6x2 to 1x6x6x3."""
    filters = np.ones((3, 3, 3, 2), np.int8)
    return one_node(
        "CONV_2D",
        [
            activation("input", (1, 6, 6, 2), HALF),
            constant("weights", filters, Quantization((0.1, 0.2, 0.3), (0, 0, 0))),
            constant("bias", np.zeros(3, np.int32), UNIT),
            activation("output", (1, 6, 6, 3), HALF),
        ],
        {"padding": "SAME", "stride_h": 1, "stride_w": 1, **options},
    )


def dense() -> Graph:
    """A valid FULLY_CONNECTED, 2x8 to 2x3."""
    return one_node(
        "FULLY_CONNECTED",
        [
            activation("input", (2, 8), HALF),
            constant("weights", np.ones((3, 8), np.int8), Quantization((0.1,), (0,))),
            constant("bias", np.zeros(3, np.int32), Quantization((0.05,), (0,))),
            activation("output", (2, 3), HALF),
        ],
    )


def pool(**options: Any) -> Graph:
    return one_node(
        "AVERAGE_POOL_2D",
        [activation("input", (1, 6, 6, 2), HALF), activation("output", (1, 3, 3, 2), HALF)],
        {
            "padding": "VALID",
            "stride_h": 2,
            "stride_w": 2,
            "filter_height": 2,
            "filter_width": 2,
            **options,
        },
    )


def reduce(axes: list[int], output: tuple[int, ...] = (1, 2), **options: Any) -> Graph:
    return one_node(
        "MEAN",
        [
            activation("input", (1, 6, 6, 2), HALF),
            constant("axes", np.array(axes, np.int32)),
            activation("output", output, HALF),
        ],
        options,
    )


def total(second: tuple[int, ...], output: tuple[int, ...], scale: float = 0.5) -> Graph:
    return one_node(
        "ADD",
        [
            activation("first", (1, 4, 4, 2), HALF),
            activation("second", second, HALF),
            activation("output", output, Quantization((scale,), (0,))),
        ],
    )


def padded(pairs: list[list[int]], output: tuple[int, ...]) -> Graph:
    return one_node(
        "PAD",
        [
            activation("input", (1, 4), HALF),
            constant("paddings", np.array(pairs, np.int32)),
            activation("output", output, HALF),
        ],
    )


def scores(output: Quantization, beta: float = 1.0, depth: int = 10) -> Graph:
    shape = (1, depth)
    tensors = [activation("input", shape, HALF), activation("output", shape, output)]
    return one_node("SOFTMAX", tensors, {"beta": beta})


def unary(op: str, source: Tensor, output: Tensor) -> Graph:
    return one_node(op, [source, output])


def bias(graph: Graph, values: Any, **fields: Any) -> Graph:
    values = np.asarray(values)
    kind = values.dtype.name
    return change(graph, 2, data=values, shape=values.shape, dtype=kind, **fields)


PROBABILITY = Quantization((1 / 256,), (-128,))
LONG = (1, 4096)

REFUSED: list[tuple[str, Graph, str]] = [
    ("uint8 input", change(conv(), 0, dtype="uint8"), "(found: input is uint8)"),
    ("int16 output", change(conv(), 3, dtype="int16"), "(found: input is int8, output int16)"),
    ("float input", change(dense(), 0, dtype="float32"), "(found: input is float32)"),
    ("no scale", change(conv(), 0, quantization=None), "(found: input has no scale)"),
    (
        "two scales on an activation",
        change(conv(), 0, quantization=Quantization((1.0, 2.0), (0, 0))),
        "(found: input has 2 scales)",
    ),
    (
        "a scale that is no number",
        change(conv(), 0, quantization=Quantization((math.nan,), (0,))),
        "(found: input has scale nan and zero point 0)",
    ),
    (
        "a zero point of int16",
        change(conv(), 0, quantization=Quantization((1.0,), (300,))),
        "(found: input has scale 1 and zero point 300)",
    ),
    ("no weights", rewire(conv(), inputs=(0, ABSENT, 2)), "(found: input 1 left out)"),
    ("one input", rewire(conv(), inputs=(0,)), "(found: 1 inputs)"),
    ("no output", rewire(conv(), outputs=()), "(found: 0 outputs)"),
    ("computed weights", change(conv(), 1, data=None), "(found: weights is computed)"),
    (
        "weights with a zero point",
        change(dense(), 1, quantization=Quantization((1.0,), (5,))),
        "(found: zero point 5)",
    ),
    (
        "int16 weights",
        change(dense(), 1, dtype="int16", data=np.ones((3, 8), np.int16)),
        "(found: weights is int16)",
    ),
    ("computed bias", change(conv(), 2, data=None), "(found: bias is computed)"),
    ("int64 bias", bias(conv(), np.zeros(3, np.int64)), "(found: bias is int64)"),
    ("short bias", bias(conv(), np.zeros(2, np.int32)), "(found: 2 for 3 channels)"),
    (
        "a bias that overflows",
        bias(conv(), np.array([0, 0, 2**31 - 1], np.int32)),
        "(found: 2147485879 in channel 2)",
    ),
    (
        "another bias scale",
        change(dense(), 2, quantization=Quantization((0.5,), (0,))),
        "(found: 0.5 instead of 0.05)",
    ),
    ("three dimensions", change(conv(), 0, shape=(6, 6, 2)), "(found: input is 6x6x2)"),
    ("an empty dimension", change(conv(), 0, shape=(1, 0, 6, 2)), "(found: input is 1x0x6x2)"),
    ("no padding", conv(padding="FULL"), "(found: FULL)"),
    (
        "stride 0",
        conv(stride_h=0),
        "(found: filter 3x3, stride 0x1, dilation 1x1)",
    ),
    (
        "a far dilation",
        conv(dilation_w_factor=2**31 - 1),
        "(found: filter 3x3, stride 1x1, dilation 1x2147483647)",
    ),
    (
        "a filter over the input",
        change(conv(padding="VALID"), 0, shape=(1, 2, 6, 2)),
        "(found: a filter of 3x3 over 2x6 without padding)",
    ),
    ("another output", change(conv(), 3, shape=(1, 6, 5, 3)), "(found: 1x6x5x3 where 1x6x6x3"),
    ("odd groups", change(conv(), 0, shape=(1, 6, 6, 5)), "5 input channels, 3 filters of depth 2"),
    (
        "too few scales",
        change(conv(), 1, quantization=Quantization((1.0, 1.0), (0, 0))),
        "(found: 2 scales for 3 channels)",
    ),
    (
        "scales along another axis",
        change(conv(), 1, quantization=Quantization((0.1, 0.2, 0.3), (0, 0, 0), 3)),
        "(found: 3 scales along axis 3)",
    ),
    ("tanh", conv(fused_activation_function="TANH"), "(found: TANH)"),
    (
        "six beyond 32 bits",
        change(
            conv(fused_activation_function="RELU6"), 3, quantization=Quantization((1e-9,), (0,))
        ),
        "(found: RELU6 with scale 1e-09)",
    ),
    (
        "a factor beyond 32 bits",
        change(conv(), 3, quantization=Quantization((1e-12,), (0,))),
        "(found: factor 1.5e+11)",
    ),
    ("a shuffled matrix", rewire(dense(), options={"weights_format": "SHUFFLED4x16INT8"}), "SHUF"),
    ("broken rows", change(dense(), 0, shape=(3, 5)), "(found: 3x5 for rows of 8)"),
    ("missing rows", change(dense(), 3, shape=(1, 3)), "(found: 2x8 became 1x3 with 3 outputs)"),
    ("a flat matrix", change(dense(), 1, shape=(24,)), "(found: 24)"),
    (
        "rows with all dimensions",
        rewire(change(dense(), 0, shape=(4, 4)), options={"keep_num_dims": True}),
        "(found: 4x4 for rows of 8 and all dimensions kept)",
    ),
    ("an empty window", pool(filter_height=0), "(found: filter 0x2"),
    (
        "pooling that rescales",
        change(pool(), 1, quantization=UNIT),
        "(found: 0.5 and 3 became 1 and 0)",
    ),
    (
        "a mean over too much",
        change(
            change(pool(filter_height=5000, filter_width=5000), 0, shape=(1, 5001, 5001, 1)),
            1,
            shape=(1, 1, 1, 1),
        ),
        "(found: 25000000)",
    ),
    ("an axis too many", reduce([4]), "(found: axis 4 of 4)"),
    ("another rank", reduce([1, 2], (1, 1, 1, 2)), "(found: 1x1x1x2 where 1x2 follows)"),
    ("computed axes", change(reduce([1, 2]), 1, data=None), "(found: axes is computed)"),
    ("shapes that do not meet", total((1, 3, 4, 2), (1, 4, 4, 2)), "1x4x4x2 and 1x3x4x2 became"),
    ("another sum", total((1, 4, 4, 2), (1, 4, 4, 1)), "became 1x4x4x1"),
    ("five dimensions", total((2, 1, 1, 1, 1), (2, 1, 4, 4, 2)), "became 2x1x4x4x2"),
    ("a sum too fine", total((1, 4, 4, 2), (1, 4, 4, 2), scale=1e-7), "(found: 1e+07 times)"),
    ("negative padding", padded([[0, 0], [1, -1]], (1, 4)), "(found: -1)"),
    ("other paddings", padded([[0, 0], [1, 2]], (1, 6)), "(found: 1x6 where 1x7 follows)"),
    ("flat paddings", padded([[0, 1]], (1, 5)), "(found: 1x4 with paddings 1x2)"),
    ("another probability", scores(UNIT), "(found: 1 and 0)"),
    ("beta 0", scores(PROBABILITY, beta=0.0), "(found: 0)"),
    ("beta that is no number", scores(PROBABILITY, beta=math.nan), "(found: nan)"),
    ("4096 classes", scores(PROBABILITY, depth=4096), "(found: 1x4096)"),
    (
        "floats to floats",
        unary("QUANTIZE", Tensor("in", (4,), "float32"), Tensor("out", (4,), "float32")),
        "(found: float32 to float32)",
    ),
    (
        "another size",
        unary("RELU", activation("in", (4,), HALF), activation("out", (5,), HALF)),
        "(found: 4 became 5)",
    ),
    (
        "a scale too fine for six",
        unary(
            "RELU6",
            activation("in", (4,), Quantization((1e-9,), (0,))),
            activation("out", (4,), Quantization((1e-9,), (0,))),
        ),
        "(found: RELU6 with scale 1e-09)",
    ),
    (
        "a reshape that loses values",
        unary("RESHAPE", activation("in", (4,), HALF), activation("out", (2,), HALF)),
        "(found: 4 became 2)",
    ),
    (
        "a reshape of a constant",
        unary("RESHAPE", constant("in", np.zeros(4, np.int8), HALF), activation("out", (4,), HALF)),
        "(found: constant in)",
    ),
]


@pytest.mark.parametrize(("graph", "found"), [pytest.param(g, f, id=i) for i, g, f in REFUSED])
def test_what_is_refused_is_told_with_what_was_found(graph: Graph, found: str) -> None:
    findings = check_node(graph, graph.nodes[0])
    assert any(found in finding for finding in findings), findings


@pytest.mark.parametrize(
    "graph",
    [
        *(conv(), dense(), pool(), reduce([1, 2]), reduce([-3, 2, 1])),
        *(total((1, 4, 4, 2), (1, 4, 4, 2)), padded([[0, 0], [1, 2]], (1, 7))),
        *(scores(PROBABILITY), rewire(conv(), inputs=(0, 1, ABSENT))),
        *(rewire(dense(), inputs=(0, 1)), total((2,), (1, 4, 4, 2))),
    ],
)
def test_the_models_these_were_made_from_are_accepted(graph: Graph) -> None:
    assert check_node(graph, graph.nodes[0]) == []


def test_every_rule_is_a_sentence_and_all_findings_come_at_once() -> None:
    for op in OPS.values():
        for rule in (*op.structure, *op.constraints):
            assert len(rule_text(rule).split()) > 3
    graph = bias(conv(stride_h=0, fused_activation_function="TANH"), np.zeros(5, np.int32))
    assert len(check_node(graph, graph.nodes[0])) == 3


def test_an_unknown_operator_has_no_rules() -> None:
    with pytest.raises(KeyError):
        check_node(conv(), Node("LSH_PROJECTION", (0,), (1,)))
