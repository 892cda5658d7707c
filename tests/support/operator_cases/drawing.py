"""What is drawn for the cases of all operators: shapes, scales, tensors, graphs of one node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from tinyflow.compiler.graph import ABSENT, Graph, Node, Quantization, Tensor
from tinyflow.compiler.quantmath import float32

Draw = Callable[[st.SearchStrategy[Any]], Any]

ACTIVATIONS = st.sampled_from(["NONE", "RELU", "RELU6", "RELU_N1_TO_1"])
ZERO_POINTS = st.one_of(st.sampled_from([-128, 0, 127]), st.integers(-128, 127))
SEEDS = st.integers(0, 2**31)


def scales(low: float = 1e-4, high: float = 10.0) -> st.SearchStrategy[float]:
    """float32 scales, evenly over the orders of magnitude."""
    return st.floats(np.log(low), np.log(high)).map(lambda x: float32(float(np.exp(x))))


def sizes(most: int) -> st.SearchStrategy[int]:
    return st.integers(1, most)


def shapes(most: int, rank: int = 4) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(sizes(most), min_size=1, max_size=rank).map(tuple)


def quantized(draw: Draw, dtype: str = "int8") -> Quantization:
    """A scale and a zero point: any for int8, 0 for int16."""
    return Quantization((draw(scales()),), (draw(ZERO_POINTS) if dtype == "int8" else 0,))


def activation(name: str, shape: Sequence[int], quantization: Quantization) -> Tensor:
    return Tensor(name, tuple(shape), "int8", quantization)


def constant(name: str, values: NDArray[Any], quantization: Quantization | None = None) -> Tensor:
    return Tensor(name, values.shape, values.dtype.name, quantization, values)


def one_node(
    op: str,
    tensors: Sequence[Tensor],
    options: dict[str, Any] | None = None,
    left_out: Sequence[int] = (),
) -> Graph:
    """A graph of one node: the last tensor is the output, the others its inputs."""
    indices = iter(range(len(tensors)))
    count = len(tensors) - 1 + len(left_out)
    inputs = tuple(ABSENT if i in left_out else next(indices) for i in range(count))
    output = len(tensors) - 1
    computed = tuple(i for i in inputs if i != ABSENT and tensors[i].data is None)
    node = Node(op, inputs, (output,), options or {})
    return Graph(tuple(tensors), (node,), computed, (output,))


def extent(size: int, filter_size: int, stride: int, dilation: int, padding: str) -> int:
    span = (filter_size - 1) * dilation + 1
    return -(-(size if padding == "SAME" else size - span + 1) // stride)


@st.composite
def moving(draw: Draw, *, dilated: bool) -> tuple[list[int], list[int], list[int], dict[str, Any]]:
    """Input sizes, filter sizes, output sizes (height and width), and the options."""
    padding = draw(st.sampled_from(["SAME", "VALID"]))
    source, filters, output, options = [], [], [], {"padding": padding}
    for name in ("h", "w"):
        filter_size, stride = draw(sizes(4)), draw(sizes(3))
        dilation = draw(st.sampled_from([1, 1, 1, 2, 3])) if dilated else 1
        span = (filter_size - 1) * dilation + 1
        size = draw(sizes(9)) if padding == "SAME" else span + draw(st.integers(0, 6))
        options[f"stride_{name}"] = stride
        if dilated:
            options[f"dilation_{name}_factor"] = dilation
        source.append(size)
        filters.append(filter_size)
        output.append(extent(size, filter_size, stride, dilation, padding))
    options["fused_activation_function"] = draw(ACTIVATIONS)
    return source, filters, output, options
