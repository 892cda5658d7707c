"""What functions of single values, changes of type and SOFTMAX refuse, and what they say of it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from graph_changes import change
from operator_cases.functions import of_scale, unary

from tinyflow.compiler.graph import Graph, Quantization
from tinyflow.compiler.ops import check_node

ONE_SIXTEENTH = of_scale(1 / 16)
FOUR = (4,)


def int8(op: str, source: Quantization, output: Quantization, **options: float) -> Graph:
    return unary(op, FOUR, ("int8", source), ("int8", output), **options)


def int16(op: str, source: float, output: float, **options: float) -> Graph:
    ends = ("int16", of_scale(source)), ("int16", of_scale(output))
    return unary(op, FOUR, *ends, **options)


REFUSED: list[tuple[str, Graph, str]] = [
    ("another logistic", int8("LOGISTIC", ONE_SIXTEENTH, of_scale(1 / 128)), "(found: 0.0078125)"),
    ("another int16 logistic", int16("LOGISTIC", 1e-3, 2.0**-14), "(found: 6.10352e-05)"),
    ("another int16 tangent", int16("TANH", 1e-3, 2.0**-15 * 1.002), "(found: 3.05786e-05)"),
    ("a coarse int16 tangent", int16("TANH", 3.0, 2.0**-15), "(found: 3)"),
    ("a coarse int16 logistic", int16("LOGISTIC", 8 / 3 + 1e-3, 2.0**-15), "(found: 2.66767)"),
    (
        "an int16 zero point",
        unary("TANH", FOUR, ("int16", of_scale(1e-3, 1)), ("int16", of_scale(2.0**-15))),
        "(found: input has scale 0.001 and zero point 1)",
    ),
    ("int16 hard swish", int16("HARD_SWISH", 1e-3, 1e-3), "(found: input is int16)"),
    ("int16 elu", int16("ELU", 1e-3, 1e-3), "(found: input is int16)"),
    ("int16 to -1 to 1", int16("RELU_N1_TO_1", 1e-3, 1e-3), "(found: input is int16)"),
    (
        "an output too fine",
        int8("ELU", ONE_SIXTEENTH, Quantization((1e-39,), (0,))),
        "found: 1e-39",
    ),
    ("one too fine", int8("RELU_N1_TO_1", ONE_SIXTEENTH, of_scale(1e-10)), "with scale 1e-10)"),
    ("exp beyond floats", int16("EXP", 0.01, 1.0), "(found: input scale 0.01, output scale 1)"),
    ("a root too coarse", int8("RSQRT", of_scale(1e8), of_scale(1.0)), "(found: 0.0001)"),
    ("a root too fine", int8("RSQRT", of_scale(1e-8), of_scale(1e-8)), "(found: 1e+12)"),
    ("a swish too fine", int8("HARD_SWISH", of_scale(1.0), of_scale(1 / 128)), "(found: 128 times"),
    ("a swish too coarse", int8("HARD_SWISH", of_scale(1e7), of_scale(1e7)), "times, 1e+07)"),
    (
        "a negative alpha",
        int8("LEAKY_RELU", *[ONE_SIXTEENTH] * 2, alpha=-0.5),
        "(found: alpha -0.5)",
    ),
    ("no alpha", int8("LEAKY_RELU", *[ONE_SIXTEENTH] * 2, alpha=math.nan), "(found: alpha nan)"),
    ("a steep alpha", int8("LEAKY_RELU", *[ONE_SIXTEENTH] * 2, alpha=2e9), "(found: factor 2e+09)"),
    ("a steep int16", int16("ABS", 1.0, 1e-5), "(found: 100000)"),
    ("a factor", int8("NEG", of_scale(1.0), of_scale(1e-10)), "(found: factor 1e+10)"),
    (
        "floats to 32 bits",
        unary("QUANTIZE", FOUR, ("float32", None), ("int32", of_scale(1.0))),
        "(found: float32 to int32)",
    ),
    (
        "a zero point of 32 bits",
        unary("QUANTIZE", FOUR, ("int32", of_scale(1.0, 3)), ("int8", of_scale(1.0))),
        "(found: input has scale 1 and zero point 3)",
    ),
    (
        "floats without a scale",
        unary("QUANTIZE", FOUR, ("float32", None), ("int8", None)),
        "(found: output has no scale)",
    ),
    (
        "32 bits to floats",
        unary("DEQUANTIZE", FOUR, ("int32", of_scale(1.0)), ("float32", None)),
        "(found: int32 to float32)",
    ),
    ("64 bits", unary("CAST", FOUR, ("int8", None), ("int64", None)), "(found: int8 to int64)"),
    (
        "softmax to fewer bits",
        unary(
            "SOFTMAX", FOUR, ("int16", of_scale(1e-3)), ("int8", of_scale(1 / 256, -128)), beta=1
        ),
        "(found: int16 to int8)",
    ),
    (
        "another int16 softmax",
        int16("SOFTMAX", 1e-3, 2.0**-14, beta=1),
        "(found: 6.10352e-05 and 0)",
    ),
    ("a steep int16 softmax", int16("SOFTMAX", 6.0, 2.0**-15, beta=1), "(found: 6)"),
    ("a negative beta", int16("SOFTMAX", 1e-3, 2.0**-15, beta=-1), "(found: -0.001)"),
    (
        "a zero point of its own",
        unary("SOFTMAX", FOUR, ("int8", ONE_SIXTEENTH), ("int16", of_scale(2.0**-16)), beta=1),
        "(found: 1.52588e-05 and 0)",
    ),
    (
        "a constant",
        change(int8("ABS", *[ONE_SIXTEENTH] * 2), 0, data=np.zeros(4, np.int8)),
        "(found: constant input)",
    ),
]


@pytest.mark.parametrize(("graph", "found"), [pytest.param(g, f, id=i) for i, g, f in REFUSED])
def test_what_is_refused_is_told_with_what_was_found(graph: Graph, found: str) -> None:
    findings = check_node(graph, graph.nodes[0])
    assert any(found in finding for finding in findings), findings


def test_softmax_takes_its_int16_scale_to_one_part_in_a_thousand() -> None:
    near = int16("SOFTMAX", 1e-3, 2.0**-15 * 1.0009, beta=1)
    assert check_node(near, near.nodes[0]) == []
