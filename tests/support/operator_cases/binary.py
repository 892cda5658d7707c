"""Operators of two tensors."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from operator_cases.drawing import (
    ACTIVATIONS,
    SEEDS,
    ZERO_POINTS,
    Draw,
    activation,
    constant,
    one_node,
    quantized,
    scales,
    shapes,
)
from tinyflow.compiler.graph import Graph, Quantization, Tensor
from tinyflow.compiler.quantmath import float32


@st.composite
def add(draw: Draw) -> Graph:
    shape = draw(shapes(5))
    inputs: list[Tensor] = []
    which = draw(st.sampled_from(["same", "first", "second", "both"]))
    for position, name in enumerate(("first", "second")):
        own = list(shape)
        if which in (name, "both"):
            own = [1 if draw(st.booleans()) else size for size in own]
            own = own[draw(st.integers(0, len(own) - 1)) :]
        inputs.append(activation(name, own, quantized(draw)))
        if position == 1 and draw(st.booleans()):
            rng = np.random.default_rng(draw(SEEDS))
            values = rng.integers(-128, 128, own).astype(np.int8)
            inputs[-1] = constant(name, values, inputs[-1].quantization)
    made = np.broadcast_shapes(inputs[0].shape, inputs[1].shape)
    twice = 2 * max(tensor.quantization.scale for tensor in inputs if tensor.quantization)
    output = float32(draw(scales(2e-6, 10.0)) * twice)
    if draw(st.booleans()):
        inputs.reverse()
    return one_node(
        "ADD",
        [*inputs, activation("output", made, Quantization((output,), (draw(ZERO_POINTS),)))],
        {"fused_activation_function": draw(ACTIVATIONS)},
    )


CASES = {
    "ADD": add(),
}
