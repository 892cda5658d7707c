"""Operators with constant weights: int8 or int16 activations, weights of 8 or 4 bits."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from operator_cases.drawing import (
    ACTIVATIONS,
    SEEDS,
    ZERO_POINTS,
    Draw,
    constant,
    moving,
    one_node,
    quantized,
    scales,
    sizes,
)
from tinyflow.compiler.graph import ABSENT, Graph, Quantization, Tensor
from tinyflow.compiler.quantmath import float32

TYPES = st.sampled_from(["int8", "int16"])
# Of activations and of weights; a usual factor fills the output's range with sums of these.
TYPICAL = {"int8": 100, "int16": 25000, "int4": 5}
GREATEST = {"int8": 127, "int16": 32767}
# 64-bit sums take factors under 2^7.
FACTORS = {"int8": scales(1e-12, 1e6), "int16": scales(1e-12, 10.0)}


def weights(rng: np.random.Generator, shape: Sequence[int], kind: str) -> NDArray[np.int8]:
    if kind == "random":
        return rng.integers(-127, 128, shape).astype(np.int8)
    if kind == "sparse":
        return (rng.integers(-127, 128, shape) * (rng.random(shape) < 0.2)).astype(np.int8)
    if kind == "4 bits":
        return rng.integers(-8, 8, shape).astype(np.int8)
    return rng.choice(np.array([-128, 127], np.int8), shape)


@st.composite
def weighted(
    draw: Draw, filters: tuple[int, ...], axis: int, source: Tensor, *, wide_only: bool = False
) -> tuple[list[Tensor], dict[str, Any]]:
    """Weights, a bias or none, the output's quantisation in a tensor without shape, and options.

    The factor from a sum to the output is usually such that outputs fill their range, sometimes any
    that a multiplier can hold. A bias of int16 activations has 64 bits, or 32 where the model says
    so, but for operators that are `wide_only`.
    """
    assert source.quantization is not None
    rng = np.random.default_rng(draw(SEEDS))
    channels = filters[axis]
    kind = draw(st.sampled_from(["random", "sparse", "extreme", "4 bits"]))
    values = weights(rng, filters, kind)
    weight_type = "int4" if kind == "4 bits" else "int8"
    count = channels if draw(st.booleans()) else 1
    spread = np.exp(rng.uniform(-2, 2, count))
    summed = TYPICAL[source.dtype] * TYPICAL[weight_type] * np.sqrt(values.size // channels)
    usual = GREATEST[source.dtype] / summed
    factor = draw(st.one_of(st.just(usual), FACTORS[source.dtype]))
    output = float32(float(np.exp(rng.uniform(-6, 2))))
    scale = source.quantization.scale
    per_channel = tuple(max(float32(factor * float(s) * output / scale), 1e-37) for s in spread)
    quantization = Quantization(per_channel, (0,) * count, axis)
    tensors = [Tensor("weights", filters, weight_type, quantization, values)]
    options: dict[str, Any] = {}
    bits = 32
    if source.dtype == "int16":
        bits = 64 if wide_only else draw(st.sampled_from([32, 64]))
        if not wide_only and (bits == 32 or draw(st.booleans())):
            options["quantized_bias_type"] = f"INT{bits}"
    if draw(st.booleans()):
        most = 40000 if bits == 32 else draw(st.sampled_from([40000, 2**40]))
        bias = rng.integers(-most, most, channels).astype(f"int{bits}")
        product = tuple(float32(scale * s) for s in per_channel)
        tensors.append(constant("bias", bias, Quantization(product, (0,) * count)))
    zero_point = draw(ZERO_POINTS) if source.dtype == "int8" else 0
    tensors.append(Tensor("output", (), source.dtype, Quantization((output,), (zero_point,))))
    return tensors, options


def shaped(last: Tensor, shape: Sequence[int]) -> Tensor:
    """The output with its shape."""
    return Tensor(last.name, tuple(shape), last.dtype, last.quantization)


@st.composite
def conv_2d(draw: Draw) -> Graph:
    sides, filters, output, options = draw(moving(dilated=True))
    dtype = draw(TYPES)
    groups = draw(st.sampled_from([1, 1, 1, 2, 3]))
    batch, depth, outputs = draw(sizes(2)), draw(sizes(6)), draw(sizes(5))
    source = Tensor("input", (batch, *sides, depth * groups), dtype, quantized(draw, dtype))
    (*operands, last), own = draw(weighted((outputs * groups, *filters, depth), 0, source))
    if len(operands) == 1:
        own = {}  # sums are of 32 bits
    return one_node(
        "CONV_2D",
        [source, *operands, shaped(last, (batch, *output, outputs * groups))],
        {**options, **own},
        left_out=() if len(operands) == 2 else (2,),
    )


@st.composite
def depthwise_conv_2d(draw: Draw) -> Graph:
    sides, filters, output, options = draw(moving(dilated=True))
    dtype = draw(TYPES)
    batch, depth, multiplier = draw(sizes(2)), draw(sizes(6)), draw(sizes(3))
    source = Tensor("input", (batch, *sides, depth), dtype, quantized(draw, dtype))
    shape = (1, *filters, depth * multiplier)
    (*operands, last), _ = draw(weighted(shape, 3, source, wide_only=True))
    return one_node(
        "DEPTHWISE_CONV_2D",
        [source, *operands, shaped(last, (batch, *output, depth * multiplier))],
        {**options, "depth_multiplier": multiplier},
        left_out=() if len(operands) == 2 else (2,),
    )


@st.composite
def transpose_conv(draw: Draw) -> Graph:
    """The output's size is drawn, the input's follows."""
    output, filters, sides, options = draw(moving(dilated=False))
    dtype = draw(TYPES)
    batch, depth, outputs = draw(sizes(2)), draw(sizes(6)), draw(sizes(5))
    source = Tensor("input", (batch, *sides, depth), dtype, quantized(draw, dtype))
    (matrix, *bias, last), own = draw(weighted((outputs, *filters, depth), 0, source))
    shape = (batch, *output, outputs)
    tensors = [
        constant("shape", np.array(shape, np.int32)),
        *(matrix, source, *bias, shaped(last, shape)),
    ]
    left_out = () if bias or draw(st.booleans()) else (3,)
    return one_node("TRANSPOSE_CONV", tensors, {**options, **own}, left_out=left_out)


@st.composite
def fully_connected(draw: Draw) -> Graph:
    dtype = draw(TYPES)
    depth, units, keep = draw(sizes(70)), draw(sizes(8)), draw(st.booleans())
    leading = draw(st.lists(sizes(3), min_size=1, max_size=3))
    source = Tensor("input", (*leading, depth), dtype, quantized(draw, dtype))
    (*operands, last), own = draw(weighted((units, depth), 0, source))
    rows = int(np.prod(leading))
    return one_node(
        "FULLY_CONNECTED",
        [source, *operands, shaped(last, (*leading, units) if keep else (rows, units))],
        {"fused_activation_function": draw(ACTIVATIONS), "keep_num_dims": keep, **own},
        left_out=() if len(operands) == 2 else (2,),
    )


def for_reference(graph: Graph) -> Graph:
    """The same model as the reference interpreter takes it.

    Convolutions get a bias of zeros. Weights of 4 bits become int8 where it does not unpack them.
    """
    (node,) = graph.nodes
    tensors = list(graph.tensors)
    matrix, dtype = tensors[node.inputs[1]], tensors[node.outputs[0]].dtype
    packed = node.op in ("CONV_2D", "FULLY_CONNECTED") or (
        node.op == "DEPTHWISE_CONV_2D" and dtype == "int8"
    )
    if not packed:
        tensors[node.inputs[1]] = dataclasses.replace(matrix, dtype="int8")
    if "CONV_2D" in node.op and node.inputs[2] == ABSENT:
        channels = matrix.shape[0 if node.op == "CONV_2D" else 3]
        wide = dtype == "int16" and node.op == "DEPTHWISE_CONV_2D"
        zeros = np.zeros(channels, np.int64 if wide else np.int32)
        options = dict(node.options)
        if dtype == "int16" and not wide:
            options["quantized_bias_type"] = "INT32"
        inputs = (*node.inputs[:2], len(tensors))
        node = dataclasses.replace(node, inputs=inputs, options=options)
        tensors.append(constant("bias", zeros, Quantization((1.0,), (0,))))
    return graph.replace(tensors=tuple(tensors), nodes=(node,))


CASES = {
    "CONV_2D": conv_2d(),
    "DEPTHWISE_CONV_2D": depthwise_conv_2d(),
    "FULLY_CONNECTED": fully_connected(),
    "TRANSPOSE_CONV": transpose_conv(),
}
