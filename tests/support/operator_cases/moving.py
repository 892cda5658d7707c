"""Operators that move values."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from operator_cases.drawing import Draw, activation, constant, one_node, quantized, shapes
from tinyflow.compiler.graph import Graph


@st.composite
def pad(draw: Draw) -> Graph:
    shape, quantization = draw(shapes(5)), quantized(draw)
    pairs = [[draw(st.integers(0, 3)), draw(st.integers(0, 3))] for _ in shape]
    made = [size + sum(pair) for size, pair in zip(shape, pairs, strict=True)]
    dtype = draw(st.sampled_from([np.int32, np.int64]))
    return one_node(
        "PAD",
        [
            activation("input", shape, quantization),
            constant("paddings", np.array(pairs, dtype)),
            activation("output", made, quantization),
        ],
    )


@st.composite
def reshape(draw: Draw) -> Graph:
    shape, quantization = draw(shapes(5)), quantized(draw)
    made = draw(st.permutations(shape))
    wanted = list(made)
    if draw(st.booleans()):
        wanted[draw(st.integers(0, len(wanted) - 1))] = -1
    return one_node(
        "RESHAPE",
        [
            activation("input", shape, quantization),
            constant("shape", np.array(wanted, np.int32)),
            activation("output", made, quantization),
        ],
        {"new_shape": tuple(wanted)},
    )


@st.composite
def squeeze(draw: Draw) -> Graph:
    shape, quantization = draw(shapes(5)), quantized(draw)
    place = draw(st.integers(0, len(shape)))
    return one_node(
        "SQUEEZE",
        [
            activation("input", (*shape[:place], 1, *shape[place:]), quantization),
            activation("output", shape, quantization),
        ],
        {"squeeze_dims": (place,)},
    )


@st.composite
def expand_dims(draw: Draw) -> Graph:
    shape, quantization = draw(shapes(5, rank=3)), quantized(draw)
    place = draw(st.integers(0, len(shape)))
    return one_node(
        "EXPAND_DIMS",
        [
            activation("input", shape, quantization),
            constant("axis", np.array(place, np.int32)),
            activation("output", (*shape[:place], 1, *shape[place:]), quantization),
        ],
    )


CASES = {
    "EXPAND_DIMS": expand_dims(),
    "PAD": pad(),
    "RESHAPE": reshape(),
    "SQUEEZE": squeeze(),
}
