"""Operators of two tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from operator_cases.drawing import (
    ACTIVATIONS,
    SEEDS,
    Draw,
    constant,
    one_node,
    quantized,
    scales,
    shapes,
)
from tinyflow.compiler.graph import Graph, Quantization, Tensor
from tinyflow.compiler.quantmath import float32

INT8_OR_INT16 = st.sampled_from(["int8", "int16"])


@st.composite
def met(draw: Draw) -> list[list[int]]:
    """Two shapes that meet: equal, or one or both broadcast."""
    shape = draw(shapes(5))
    which = draw(st.sampled_from(["same", "first", "second", "both"]))
    made = []
    for name in ("first", "second"):
        own = list(shape)
        if which in (name, "both"):
            own = [1 if draw(st.booleans()) else size for size in own]
            own = own[draw(st.integers(0, len(own) - 1)) :]
        made.append(own)
    return made


def pair(draw: Draw, dtype: str, quantizations: Sequence[Quantization | None]) -> list[Tensor]:
    """Two operands, one of which may be a constant."""
    tensors = []
    fixed = draw(st.sampled_from([None, None, 0, 1]))
    for position, shape in enumerate(draw(met())):
        name, quantization = ("first", "second")[position], quantizations[position]
        if fixed == position:
            rng = np.random.default_rng(draw(SEEDS))
            ends = np.iinfo(dtype)
            values = rng.integers(ends.min, ends.max, shape, endpoint=True).astype(dtype)
            tensors.append(constant(name, values, quantization))
        else:
            tensors.append(Tensor(name, tuple(shape), dtype, quantization))
    return tensors


def made(
    op: str, inputs: Sequence[Tensor], output: Quantization | None, options: dict[str, Any]
) -> Graph:
    shape = np.broadcast_shapes(*(tensor.shape for tensor in inputs))
    return one_node(op, [*inputs, Tensor("output", shape, inputs[0].dtype, output)], options)


def zero_point(draw: Draw, dtype: str) -> int:
    return quantized(draw, dtype).zero_point


@st.composite
def add(draw: Draw, op: str) -> Graph:
    dtype = draw(INT8_OR_INT16)
    own = [quantized(draw, dtype) for _ in range(2)]
    inputs = pair(draw, dtype, own)
    twice = 2 * max(quantization.scale for quantization in own)
    least = 2e-6 if dtype == "int8" else 5e-5
    output = Quantization((float32(draw(scales(least, 10.0)) * twice),), (zero_point(draw, dtype),))
    options = {"fused_activation_function": draw(ACTIVATIONS), "pot_scale_int16": False}
    return made(op, inputs, output, options)


@st.composite
def power_of_two(draw: Draw, op: str) -> Graph:
    """int16 with scales that are powers of two, one of them the output's."""
    shift = draw(st.integers(0, 15))
    exponent = draw(st.integers(-18, 2))
    off = draw(st.sampled_from([1.0, 1.0005]))
    own = [float32(2.0**exponent * off), 2.0 ** (exponent - shift)]
    if draw(st.booleans()):
        own.reverse()
    kinds = [Quantization((scale,), (0,)) for scale in own]
    if op == "SUB":
        inputs = pair(draw, "int16", kinds)
    else:
        shape = draw(shapes(5))
        inputs = [Tensor(f"input {i}", shape, "int16", kinds[i]) for i in (0, 1)]
    options = {"fused_activation_function": draw(ACTIVATIONS), "pot_scale_int16": True}
    return made(op, inputs, Quantization((2.0**exponent,), (0,)), options)


@st.composite
def integers(draw: Draw, op: str) -> Graph:
    """int32 without a scale."""
    options = {"fused_activation_function": draw(ACTIVATIONS)}
    return made(op, pair(draw, "int32", [None] * 2), None, options)


@st.composite
def mul(draw: Draw) -> Graph:
    dtype = draw(INT8_OR_INT16)
    own = [quantized(draw, dtype) for _ in range(2)]
    inputs = pair(draw, dtype, own)
    output = quantized(draw, dtype)
    if draw(st.booleans()):
        product = own[0].scale * own[1].scale * draw(scales(1.0, 300.0))
        output = Quantization((float32(product),), output.zero_points)
    return made("MUL", inputs, output, {"fused_activation_function": draw(ACTIVATIONS)})


@st.composite
def maximum(draw: Draw, op: str) -> Graph:
    dtype = draw(st.sampled_from(["int8", "int16", "int32"]))
    quantization = None if dtype == "int32" else quantized(draw, dtype)
    return made(op, pair(draw, dtype, [quantization] * 2), quantization, {})


@st.composite
def squared_difference(draw: Draw, dtype: str = "int8") -> Graph:
    own = [quantized(draw, dtype) for _ in range(2)]
    inputs = pair(draw, dtype, own)
    twice = 2 * max(quantization.scale for quantization in own)
    finest = scales(1e-4, 300.0) if dtype == "int8" else scales(2.0, 1e5)
    output = Quantization((float32(draw(finest) * twice * twice),), (zero_point(draw, dtype),))
    return made("SQUARED_DIFFERENCE", inputs, output, {})


@st.composite
def prelu(draw: Draw, dtype: str = "int8") -> Graph:
    shape, own = draw(shapes(5)), quantized(draw, dtype)
    alphas = [1 if draw(st.booleans()) else size for size in shape]
    alphas = alphas[draw(st.integers(0, len(alphas) - 1)) :]
    rng = np.random.default_rng(draw(SEEDS))
    alpha: Tensor = constant(
        "alpha", rng.integers(-128, 128, alphas).astype(np.int8), quantized(draw)
    )
    output = own if draw(st.booleans()) else quantized(draw, dtype)
    return made("PRELU", [Tensor("input", shape, dtype, own), alpha], output, {})


CASES = {
    "ADD": st.one_of(add("ADD"), add("ADD"), power_of_two("ADD"), integers("ADD")),
    "MAXIMUM": maximum("MAXIMUM"),
    "MINIMUM": maximum("MINIMUM"),
    "MUL": st.one_of(mul(), mul(), integers("MUL")),
    "PRELU": prelu(),
    "SQUARED_DIFFERENCE": squared_difference(),
    "SUB": st.one_of(add("SUB"), add("SUB"), power_of_two("SUB"), integers("SUB")),
}
