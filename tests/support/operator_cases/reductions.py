"""Pools and reductions."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from operator_cases.drawing import (
    Draw,
    activation,
    constant,
    moving,
    one_node,
    quantized,
    shapes,
    sizes,
)
from tinyflow.compiler.graph import Graph


@st.composite
def pool_2d(draw: Draw, op: str) -> Graph:
    source, filters, output, options = draw(moving(dilated=False))
    quantization = quantized(draw)
    batch, depth = draw(sizes(2)), draw(sizes(5))
    return one_node(
        op,
        [
            activation("input", (batch, *source, depth), quantization),
            activation("output", (batch, *output, depth), quantization),
        ],
        {**options, "filter_height": filters[0], "filter_width": filters[1]},
    )


@st.composite
def mean(draw: Draw) -> Graph:
    shape = draw(shapes(8))
    rank = len(shape)
    axes = draw(st.lists(st.integers(-rank, rank - 1), min_size=1, max_size=4))
    keep = draw(st.booleans())
    reduced = {axis % rank for axis in axes}
    left = [1 if i in reduced else n for i, n in enumerate(shape) if keep or i not in reduced]
    source = quantized(draw)
    output = source if draw(st.booleans()) else quantized(draw)
    return one_node(
        "MEAN",
        [
            activation("input", shape, source),
            constant("axes", np.array(axes, np.int32)),
            activation("output", left, output),
        ],
        {"keep_dims": keep},
    )


CASES = {
    "AVERAGE_POOL_2D": pool_2d("AVERAGE_POOL_2D"),
    "MAX_POOL_2D": pool_2d("MAX_POOL_2D"),
    "MEAN": mean(),
}
