"""Random models of one operator, for every operator the compiler has.

A case is a strategy of graphs with a single node. Shapes and options are drawn by hypothesis,
constants by a generator with a drawn seed.
"""

from __future__ import annotations

import dataclasses
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


def quantized(draw: Draw) -> Quantization:
    return Quantization((draw(scales()),), (draw(ZERO_POINTS),))


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


CASES: dict[str, st.SearchStrategy[Graph]] = {
    "ADD": add(),
    "AVERAGE_POOL_2D": pool_2d("AVERAGE_POOL_2D"),
    "CONV_2D": conv_2d(),
    "DEPTHWISE_CONV_2D": depthwise_conv_2d(),
    "EXPAND_DIMS": expand_dims(),
    "FULLY_CONNECTED": fully_connected(),
    "MAX_POOL_2D": pool_2d("MAX_POOL_2D"),
    "MEAN": mean(),
    "PAD": pad(),
    "QUANTIZE": rescaled("QUANTIZE"),
    "RELU": rescaled("RELU"),
    "RELU6": rescaled("RELU6"),
    "RESHAPE": reshape(),
    "SOFTMAX": softmax(),
    "SQUEEZE": squeeze(),
}


def for_reference(graph: Graph) -> Graph:
    """The same model as the reference interpreter takes it: convolutions with a bias of zeros."""
    (node,) = graph.nodes
    if "CONV_2D" not in node.op or node.inputs[2] != ABSENT:
        return graph
    axis = 0 if node.op == "CONV_2D" else 3
    zeros = np.zeros(graph.tensors[node.inputs[1]].shape[axis], np.int32)
    bias = constant("bias", zeros, Quantization((1.0,), (0,)))
    with_bias = dataclasses.replace(node, inputs=(*node.inputs[:2], len(graph.tensors)))
    return graph.replace(tensors=(*graph.tensors, bias), nodes=(with_bias,))


def input_rows(graph: Graph, seed: int) -> NDArray[np.int8]:
    """Inputs int8 [4, bytes of all inputs]: random, smallest, largest, and a mix of those two."""
    rng = np.random.default_rng(seed)
    size = sum(graph.tensors[index].elements for index in graph.inputs)
    rows = rng.integers(-128, 128, (4, size)).astype(np.int8)
    rows[1], rows[2] = -128, 127
    rows[3] = rng.choice(np.array([-128, 127], np.int8), size)
    return rows
