"""Pools and reductions."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from hypothesis import strategies as st

from operator_cases.drawing import (
    Draw,
    constant,
    moving,
    one_node,
    quantized,
    shapes,
    sizes,
)
from tinyflow.compiler.graph import Graph, Quantization, Tensor

INT8_OR_INT16 = st.sampled_from(["int8", "int16"])


@st.composite
def pool_2d(draw: Draw, op: str) -> Graph:
    source, filters, output, options = draw(moving(dilated=False))
    dtype = draw(INT8_OR_INT16)
    quantization = quantized(draw, dtype)
    batch, depth = draw(sizes(2)), draw(sizes(5))
    return one_node(
        op,
        [
            Tensor("input", (batch, *source, depth), dtype, quantization),
            Tensor("output", (batch, *output, depth), dtype, quantization),
        ],
        {**options, "filter_height": filters[0], "filter_width": filters[1]},
    )


@st.composite
def reduced(draw: Draw) -> tuple[list[int], list[int], list[int], dict[str, Any]]:
    """The input's shape, axes, the output's shape and the options."""
    shape = list(draw(shapes(8)))
    rank = len(shape)
    axes = draw(st.lists(st.integers(-rank, rank - 1), min_size=1, max_size=4))
    keep = draw(st.booleans())
    gone = {axis % rank for axis in axes}
    left = [1 if i in gone else n for i, n in enumerate(shape) if keep or i not in gone]
    return shape, axes, left, {"keep_dims": keep}


@st.composite
def reduction(draw: Draw, op: str, dtypes: st.SearchStrategy[str], *, rescaled: bool) -> Graph:
    shape, axes, left, options = draw(reduced())
    dtype = draw(dtypes)
    source = quantized(draw, dtype)
    output = source if not rescaled or draw(st.booleans()) else quantized(draw, dtype)
    return one_node(
        op,
        [
            Tensor("input", tuple(shape), dtype, source),
            constant("axes", np.array(axes, np.int32)),
            Tensor("output", tuple(left), dtype, output),
        ],
        options,
    )


@st.composite
def place(draw: Draw, op: str, dtype: str) -> Graph:
    shape = draw(shapes(6))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    left = [size for i, size in enumerate(shape) if i != axis % len(shape)]
    axes = np.array(axis if draw(st.booleans()) else [axis], draw(st.sampled_from(["i4", "i8"])))
    return one_node(
        op,
        [
            Tensor("input", shape, dtype, quantized(draw, dtype)),
            constant("axis", axes),
            Tensor("output", tuple(left), "int32"),
        ],
        {"output_type": "INT32"},
    )


def sum_for_reference(graph: Graph) -> Graph:
    """SUM of uint8, all values and zero points 128 larger: of int8 the reference makes nonsense."""

    def shifted(tensor: Tensor) -> Tensor:
        if tensor.dtype != "int8" or tensor.quantization is None:
            return tensor
        own = tensor.quantization
        more = Quantization(own.scales, (own.zero_point + 128,))
        return dataclasses.replace(tensor, dtype="uint8", quantization=more)

    return graph.replace(tensors=tuple(map(shifted, graph.tensors)))


CASES = {
    "ARG_MAX": place("ARG_MAX", "int8"),
    "ARG_MIN": place("ARG_MIN", "int8"),
    "AVERAGE_POOL_2D": pool_2d("AVERAGE_POOL_2D"),
    "MAX_POOL_2D": pool_2d("MAX_POOL_2D"),
    "MEAN": reduction("MEAN", INT8_OR_INT16, rescaled=True),
    "REDUCE_MAX": reduction("REDUCE_MAX", INT8_OR_INT16, rescaled=False),
    "REDUCE_MIN": reduction("REDUCE_MIN", INT8_OR_INT16, rescaled=False),
    "SUM": reduction("SUM", st.just("int8"), rescaled=True),
}
