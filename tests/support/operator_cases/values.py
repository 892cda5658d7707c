"""Tensors of any type, for operators that move values without changing them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from operator_cases.drawing import SEEDS, Draw, quantized, scales
from tinyflow.compiler.graph import Graph, Node, Quantization, Tensor

TYPES = ("int8", "int8", "int16", "int32", "float32")


def kind(draw: Draw, types: Sequence[str] = TYPES) -> Tensor:
    """A tensor without a shape: a type, and a scale where the type is a quantised one."""
    dtype = draw(st.sampled_from(types))
    quantization = None
    if dtype == "int8":
        quantization = quantized(draw)
    elif dtype == "int16":
        quantization = Quantization((draw(scales()),), (0,))
    return Tensor("", (), dtype, quantization)


def tensor(name: str, shape: Sequence[int], like: Tensor) -> Tensor:
    """An activation of the type and scale of `like`."""
    return Tensor(name, tuple(int(size) for size in shape), like.dtype, like.quantization)


def known(draw: Draw, name: str, shape: Sequence[int], like: Tensor) -> Tensor:
    """A constant of the type and scale of `like`."""
    rng = np.random.default_rng(draw(SEEDS))
    values = rng.integers(-100, 100, tuple(shape)).astype(like.dtype)
    return Tensor(name, tuple(shape), like.dtype, like.quantization, values)


def integers(name: str, values: Any, dtype: str = "int32") -> Tensor:
    """A constant of integers."""
    found: NDArray[Any] = np.array(values, dtype)
    return Tensor(name, found.shape, dtype, None, found)


def node_of(
    op: str,
    inputs: Sequence[Tensor],
    outputs: Sequence[Tensor],
    options: dict[str, Any] | None = None,
) -> Graph:
    """A graph of one node, with any number of inputs and outputs."""
    count = len(inputs)
    places = tuple(range(count, count + len(outputs)))
    computed = tuple(i for i, found in enumerate(inputs) if found.data is None)
    node = Node(op, tuple(range(count)), places, options or {})
    return Graph((*inputs, *outputs), (node,), computed, places)
