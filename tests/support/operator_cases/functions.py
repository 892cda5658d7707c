"""Functions of single values."""

from __future__ import annotations

from hypothesis import strategies as st

from operator_cases.drawing import (
    ZERO_POINTS,
    Draw,
    activation,
    one_node,
    quantized,
    scales,
    shapes,
    sizes,
)
from tinyflow.compiler.graph import Graph, Quantization


@st.composite
def softmax(draw: Draw) -> Graph:
    shape = (*draw(st.lists(sizes(4), max_size=3)), draw(sizes(100)))
    source = Quantization((draw(scales(1e-6, 100.0)),), (draw(ZERO_POINTS),))
    return one_node(
        "SOFTMAX",
        [
            activation("input", shape, source),
            activation("output", shape, Quantization((1 / 256,), (-128,))),
        ],
        {"beta": draw(st.one_of(st.just(1.0), scales(0.1, 10.0)))},
    )


@st.composite
def rescaled(draw: Draw, op: str) -> Graph:
    shape = draw(shapes(6))
    return one_node(
        op,
        [
            activation("input", shape, quantized(draw)),
            activation("output", shape, quantized(draw)),
        ],
    )


CASES = {
    "QUANTIZE": rescaled("QUANTIZE"),
    "RELU": rescaled("RELU"),
    "RELU6": rescaled("RELU6"),
    "SOFTMAX": softmax(),
}
