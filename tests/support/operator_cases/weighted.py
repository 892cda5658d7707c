"""Operators with constant weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from operator_cases.drawing import (
    ACTIVATIONS,
    SEEDS,
    ZERO_POINTS,
    Draw,
    activation,
    constant,
    moving,
    one_node,
    quantized,
    scales,
    sizes,
)
from tinyflow.compiler.graph import Graph, Quantization, Tensor
from tinyflow.compiler.quantmath import float32


def weights(rng: np.random.Generator, shape: Sequence[int], kind: str) -> NDArray[np.int8]:
    if kind == "random":
        return rng.integers(-127, 128, shape).astype(np.int8)
    if kind == "sparse":
        return (rng.integers(-127, 128, shape) * (rng.random(shape) < 0.2)).astype(np.int8)
    return rng.choice(np.array([-128, 127], np.int8), shape)


@st.composite
def weighted(draw: Draw, filters: tuple[int, ...], axis: int, source: Quantization) -> list[Tensor]:
    """Weights, a bias or none, and the output's quantisation in a tensor without shape.

    The factor from accumulator to output is usually such that outputs fill their range, sometimes
    any that a multiplier can hold.
    """
    rng = np.random.default_rng(draw(SEEDS))
    channels = filters[axis]
    values = weights(rng, filters, draw(st.sampled_from(["random", "sparse", "extreme"])))
    count = channels if draw(st.booleans()) else 1
    spread = np.exp(rng.uniform(-2, 2, count))
    summed = values.size // channels
    usual = 127.0 / (100 * 100 * np.sqrt(summed))
    factor = draw(st.one_of(st.just(usual), scales(1e-12, 1e6)))
    output = float32(float(np.exp(rng.uniform(-6, 2))))
    per_channel = tuple(
        max(float32(factor * float(s) * output / source.scale), 1e-37) for s in spread
    )
    tensors = [constant("weights", values, Quantization(per_channel, (0,) * count, axis))]
    if draw(st.booleans()):
        bias = rng.integers(-40000, 40000, channels).astype(np.int32)
        product = tuple(float32(source.scale * s) for s in per_channel)
        tensors.append(constant("bias", bias, Quantization(product, (0,) * count)))
    tensors.append(activation("output", (), Quantization((output,), (draw(ZERO_POINTS),))))
    return tensors


@st.composite
def conv_2d(draw: Draw) -> Graph:
    source, filters, output, options = draw(moving(dilated=True))
    quantization = quantized(draw)
    groups = draw(st.sampled_from([1, 1, 1, 2, 3]))
    batch, depth, outputs = draw(sizes(2)), draw(sizes(6)), draw(sizes(5))
    shape = (outputs * groups, *filters, depth)
    *operands, last = draw(weighted(shape, 0, quantization))
    return one_node(
        "CONV_2D",
        [
            activation("input", (batch, *source, depth * groups), quantization),
            *operands,
            activation("output", (batch, *output, outputs * groups), last.quantization),
        ],
        options,
        left_out=() if len(operands) == 2 else (2,),
    )


@st.composite
def depthwise_conv_2d(draw: Draw) -> Graph:
    source, filters, output, options = draw(moving(dilated=True))
    quantization = quantized(draw)
    batch, depth, multiplier = draw(sizes(2)), draw(sizes(6)), draw(sizes(3))
    *operands, last = draw(weighted((1, *filters, depth * multiplier), 3, quantization))
    return one_node(
        "DEPTHWISE_CONV_2D",
        [
            activation("input", (batch, *source, depth), quantization),
            *operands,
            activation("output", (batch, *output, depth * multiplier), last.quantization),
        ],
        {**options, "depth_multiplier": multiplier},
        left_out=() if len(operands) == 2 else (2,),
    )


@st.composite
def fully_connected(draw: Draw) -> Graph:
    quantization = quantized(draw)
    depth, units, keep = draw(sizes(70)), draw(sizes(8)), draw(st.booleans())
    leading = draw(st.lists(sizes(3), min_size=1, max_size=3))
    *operands, last = draw(weighted((units, depth), 0, quantization))
    rows = int(np.prod(leading))
    return one_node(
        "FULLY_CONNECTED",
        [
            activation("input", (*leading, depth), quantization),
            *operands,
            activation("output", (*leading, units) if keep else (rows, units), last.quantization),
        ],
        {"fused_activation_function": draw(ACTIVATIONS), "keep_num_dims": keep},
        left_out=() if len(operands) == 2 else (2,),
    )


CASES = {
    "CONV_2D": conv_2d(),
    "DEPTHWISE_CONV_2D": depthwise_conv_2d(),
    "FULLY_CONNECTED": fully_connected(),
}
