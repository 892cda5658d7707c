"""What operators of two tensors, and reductions, refuse, and which arithmetic int16 sums take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from graph_changes import change
from operator_cases import constant, one_node

from tinyflow.compiler.graph import Graph, Quantization, Tensor
from tinyflow.compiler.ops import OPS, check_node
from tinyflow.compiler.ops.op import KernelCall

HALF = Quantization((0.5,), (3,))
OTHER = Quantization((0.25,), (3,))
QUARTER = Quantization((0.25,), (0,))
FINE = Quantization((1e-12,), (0,))
COARSE = Quantization((1e12,), (0,))


def pair(op: str, dtype: str = "int8", kind: Quantization | None = HALF, **options: Any) -> Graph:
    """A valid node over two tensors of 1x4x4x2."""
    names = ("first", "second", "output")
    return one_node(op, [Tensor(name, (1, 4, 4, 2), dtype, kind) for name in names], options)


def leak(dtype: str = "int8", kind: Quantization = HALF) -> Graph:
    """A valid PRELU of 1x4x4x2."""
    alpha = constant("alpha", np.zeros(2, np.int8), HALF)
    shape = (1, 4, 4, 2)
    return one_node(
        "PRELU", [Tensor("in", shape, dtype, kind), alpha, Tensor("out", shape, dtype, kind)]
    )


def reduced(op: str, dtype: str = "int8") -> Graph:
    """A valid reduction of 3x4 to 3."""
    kind = HALF if dtype == "int8" else QUARTER
    axes = constant("axes", np.array([1], np.int32))
    return one_node(op, [Tensor("in", (3, 4), dtype, kind), axes, Tensor("out", (3,), dtype, kind)])


def place(**fields: Any) -> Graph:
    """A valid ARG_MAX of 3x4 to 3."""
    output = Tensor("out", (3,), "int32")
    axis = constant("axis", np.array(1, np.int32))
    return change(
        one_node("ARG_MAX", [Tensor("in", (3, 4), "int8", HALF), axis, output]), 2, **fields
    )


REFUSED: list[tuple[str, Graph, str]] = [
    ("sums of floats", pair("ADD", "float32", None), "(found: first is float32)"),
    ("scaled sums of int32", pair("ADD", "int32", QUARTER), "first is int32 with scale 0.25"),
    ("a product of two types", change(pair("MUL", "int32", None), 1, dtype="int8"), "second is"),
    (
        "another activation of int32",
        pair("SUB", "int32", None, fused_activation_function="TANH"),
        "(found: TANH)",
    ),
    ("a sum of two types", change(pair("SUB"), 1, dtype="int16"), "first is int8, second int16"),
    ("an int16 zero point", pair("MUL", "int16", HALF), "(found: first has scale 0.5 and zero"),
    (
        "an int16 sum too fine",
        change(pair("ADD", "int16", QUARTER), 2, quantization=Quantization((1e-6,), (0,))),
        "(found: 500000 times)",
    ),
    ("a product too fine", change(pair("MUL"), 2, quantization=FINE), "(found: factor 2.5e+11)"),
    (
        "a square too fine",
        change(pair("SQUARED_DIFFERENCE"), 2, quantization=Quantization((6.1e-5,), (0,))),
        "(found: 16393.4 times)",
    ),
    ("squares of int32", pair("SQUARED_DIFFERENCE", "int32", None), "(found: first is int32)"),
    ("an int16 alpha", change(leak(), 1, dtype="int16"), "(found: alpha is int16)"),
    ("a computed alpha", change(leak(), 1, data=None), "(found: alpha is computed)"),
    ("alpha without a scale", change(leak(), 1, quantization=None), "alpha has no scale"),
    ("a leak too fine", change(leak(), 2, quantization=FINE), "(found: factor 5e+11)"),
    ("a steep leak", change(leak(), 1, quantization=COARSE), "(found: factor 1e+12)"),
    ("a constant's leak", change(leak(), 0, data=np.zeros((1, 4, 4, 2), np.int8)), "constant in"),
    ("extremes of floats", pair("MAXIMUM", "float32", None), "(found: first is float32, second"),
    ("extremes of two types", change(pair("MINIMUM"), 2, dtype="int16"), "output is int16)"),
    (
        "extremes of two scales",
        change(pair("MAXIMUM"), 1, quantization=OTHER),
        "(found: second has scale 0.25 and zero point 3, the output scale 0.5 and zero point 3)",
    ),
    ("extremes without a scale", pair("MINIMUM", "int8", None), "(found: first has no scale)"),
    (
        "the largest in another scale",
        change(reduced("REDUCE_MAX"), 2, quantization=OTHER),
        "(found: 0.5 and 3 became 0.25 and 3)",
    ),
    ("a sum too fine", change(reduced("SUM"), 2, quantization=FINE), "(found: factor 5e+11)"),
    (
        "an int16 sum of too much",
        change(change(reduced("SUM", "int16"), 0, shape=(1, 65537)), 2, shape=(1,)),
        "(found: 65537)",
    ),
    ("places as int64", place(dtype="int64"), "default, int64 (found: out is int64)"),
    ("places of int32", change(place(), 0, dtype="int32"), "(found: in is int32)"),
    ("a computed axis", change(place(), 1, data=None), "(found: axis is computed)"),
    ("two axes", change(place(), 1, data=np.zeros(2, np.int32), shape=(2,)), "(found: axis is 2)"),
    ("a float axis", change(place(), 1, dtype="float32"), "(found: axis is float32)"),
    ("an axis too many", change(place(), 1, data=np.array(2, np.int32)), "(found: axis 2 of 2)"),
    ("places along the other axis", place(shape=(4,)), "(found: 4 where 3 follows)"),
]


@pytest.mark.parametrize(("graph", "found"), [pytest.param(g, f, id=i) for i, g, f in REFUSED])
def test_what_is_refused_is_told_with_what_was_found(graph: Graph, found: str) -> None:
    findings = check_node(graph, graph.nodes[0])
    assert any(found in finding for finding in findings), findings


@pytest.mark.parametrize(
    "graph",
    [
        *(pair(op) for op in ("ADD", "SUB", "MUL", "MAXIMUM", "SQUARED_DIFFERENCE")),
        *(leak(), leak("int16", QUARTER)),
        *(pair(op, "int16", QUARTER) for op in ("ADD", "SUB", "MUL", "MINIMUM")),
        *(pair(op, "int32", None) for op in ("ADD", "SUB", "MUL", "MAXIMUM")),
        *(reduced(op) for op in ("SUM", "MEAN", "REDUCE_MAX", "REDUCE_MIN")),
        *(place(), reduced("SUM", "int16")),
    ],
)
def test_the_models_these_were_made_from_are_accepted(graph: Graph) -> None:
    assert check_node(graph, graph.nodes[0]) == []


def scaled(
    op: str, exponents: Sequence[int], shape: Sequence[int] = (1, 4, 4, 2), **options: Any
) -> KernelCall:
    """The call of an int16 sum whose scales are powers of two; `shape` is the second input's."""
    graph = pair(op, "int16", QUARTER, **options)
    for index, exponent in enumerate(exponents):
        graph = change(graph, index, quantization=Quantization((2.0**exponent,), (0,)))
    graph = change(graph, 1, shape=tuple(shape))
    assert check_node(graph, graph.nodes[0]) == []
    (call,) = OPS[op].lower(graph, graph.nodes[0])
    return call


@pytest.mark.parametrize("op", ["ADD", "SUB"])
def test_powers_of_two_are_shifted_where_one_operand_has_the_output_scale(op: str) -> None:
    shifted = dict(scaled(op, (-3, -5, -3)).params)
    assert (shifted["left_shift"], shifted["input1_shift"], shifted["input2_shift"]) == (1, 0, -2)
    assert dict(scaled(op, (-3, -5, -3), pot_scale_int16=False).params)["left_shift"] == 15


@pytest.mark.parametrize("op", ["ADD", "SUB"])
@pytest.mark.parametrize("exponents", [(-3, -5, -4), (-3, -3, -2), (-3, -5, -5)])
def test_other_powers_of_two_which_the_reference_refuses_are_added_as_any_scales(
    op: str, exponents: Sequence[int]
) -> None:
    assert scaled(op, exponents) == scaled(op, exponents, pot_scale_int16=False)


def test_a_broadcast_sum_of_powers_of_two_is_added_as_any_scales() -> None:
    """There the reference reads outside a tensor; its difference broadcasts."""
    row = (2,)
    plain = scaled("ADD", (-3, -5, -3), row, pot_scale_int16=False)
    assert scaled("ADD", (-3, -5, -3), row) == plain
    assert dict(scaled("SUB", (-3, -5, -3), row).params)["left_shift"] == 1
