"""Operators that remember."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from operator_cases.drawing import (
    SEEDS,
    ZERO_POINTS,
    Draw,
    activation,
    constant,
    quantized,
    scales,
    shapes,
    sizes,
)
from tinyflow.compiler.graph import ABSENT, Graph, Node, Quantization, State, Tensor
from tinyflow.compiler.quantmath import float32

GATES = 4


def symmetric(scale: float) -> Quantization:
    return Quantization((float32(scale),), (0,))


def remembering(
    op: str,
    inputs: Sequence[Tensor | None],
    output: Tensor,
    states: Sequence[int],
    options: dict[str, Any],
) -> Graph:
    """A graph of one node, whose inputs at the places `states` are its states."""
    tensors = [tensor for tensor in inputs if tensor is not None]
    indices = iter(range(len(tensors)))
    places = tuple(ABSENT if tensor is None else next(indices) for tensor in inputs)
    return Graph(
        (*tensors, output),
        (Node(op, places, (len(tensors),), options),),
        (0,),
        (len(tensors),),
        tuple(State(places[place]) for place in states),
    )


@st.composite
def svdf(draw: Draw, state_type: str = "int16") -> Graph:
    rng = np.random.default_rng(draw(SEEDS))
    batches, depth, units = draw(sizes(3)), draw(sizes(9)), draw(sizes(5))
    rank, memory = draw(sizes(3)), draw(sizes(6))
    filters = units * rank
    ends = np.iinfo(state_type)
    features = rng.integers(-127, 128, (filters, depth)).astype(np.int8)
    time = rng.integers(-ends.max, ends.max, (filters, memory), endpoint=True).astype(state_type)
    source, output = quantized(draw), quantized(draw)
    # Scales around those where the sums just fill the state and the output, and far from them.
    feature_scale, time_scale = float32(draw(scales(1e-3, 1e-1))), float32(draw(scales(1e-5, 1e-2)))
    spread = draw(st.sampled_from([0.01, 0.3, 1.0, 30.0]))
    full = 100.0 * 70.0 * np.sqrt(depth) * source.scale * feature_scale / ends.max
    kept = Quantization(
        (float32(max(full * spread, 1e-6)),),
        (draw(ZERO_POINTS) if state_type == "int8" else 0,),
    )
    near = kept.scale * time_scale * ends.max**2 * np.sqrt(rank * memory) / 300.0
    shown = Quantization(
        (float32(max(near * draw(st.sampled_from([0.1, 1.0, 1.0, 10.0])), 1e-9)),),
        output.zero_points,
    )
    bias = rng.integers(-(2**20), 2**20, units).astype(np.int32)
    state = Tensor("state", (batches, memory * filters), state_type, kept)
    return remembering(
        "SVDF",
        [
            activation("input", (batches, depth), source),
            constant("features", features, symmetric(feature_scale)),
            constant("time", time, symmetric(time_scale)),
            constant("bias", bias, symmetric(kept.scale * time_scale))
            if draw(st.booleans())
            else None,
            state,
        ],
        activation("output", (batches, units), shown),
        (4,),
        {"rank": rank, "fused_activation_function": draw(st.sampled_from(["NONE", "RELU"]))},
    )


def svdf_for_reference(graph: Graph) -> Graph:
    """The same SVDF as LiteRT takes it: with a bias, and a RELU that it does not apply."""
    (node,) = graph.nodes
    options = {**node.options, "fused_activation_function": "RELU"}
    node = dataclasses.replace(node, options=options)
    if node.inputs[3] != ABSENT:
        return graph.replace(nodes=(node,))
    zeros = np.zeros(graph.output(node).shape[1], np.int32)
    bias = constant("bias", zeros, symmetric(1.0))
    places = (*node.inputs[:3], len(graph.tensors), node.inputs[4])
    made = dataclasses.replace(node, inputs=places)
    return graph.replace(tensors=(*graph.tensors, bias), nodes=(made,))


@st.composite
def lstm(draw: Draw, dtype: str = "int8") -> Graph:
    rng = np.random.default_rng(draw(SEEDS))
    batches, steps, depth, cells = (draw(sizes(most)) for most in (3, 4, 7, 6))
    time_major = draw(st.booleans())
    source = quantized(draw)
    # The hidden state is within -1 to 1, which its scale may cover in part, just or with room.
    steps_of_one = draw(st.sampled_from([512, 128, 100, 20]))
    hidden = Quantization((float32(1 / steps_of_one),), (draw(ZERO_POINTS),))
    usual = 70.0
    if dtype == "int16":
        source, hidden = symmetric(source.scale), symmetric(1 / (256 * steps_of_one))
        usual *= 256
    other = Quantization((float32(1 / 77),), (draw(ZERO_POINTS),))
    cell = symmetric(2.0 ** draw(st.integers(-15, -9)))
    reach = draw(st.sampled_from([0.5, 2.0, 8.0, 60.0]))

    def weights(name: str, size: int, scale: float) -> Tensor:
        drawn = rng.integers(-127, 128, (cells, size)).astype(np.int8)
        wanted = reach / (scale * usual * 70.0 * np.sqrt(size)) * rng.uniform(0.5, 2.0)
        return constant(name, drawn, symmetric(max(wanted, 1e-9)))

    inputs: list[Tensor | None] = [None] * 24
    first = (steps, batches) if time_major else (batches, steps)
    inputs[0] = Tensor("input", (*first, depth), dtype, source)
    for gate in range(GATES):
        made = weights(f"input weights {gate}", depth, source.scale)
        inputs[1 + gate] = made
        inputs[5 + gate] = weights(f"recurrent weights {gate}", cells, hidden.scale)
        assert made.quantization is not None
        product = made.quantization.scale * source.scale
        room = min(2**28, int(reach / product) + 1)
        drawn = rng.integers(-room, room, cells, endpoint=True)
        bias = drawn.astype(np.int32 if dtype == "int8" else np.int64)
        inputs[12 + gate] = constant(f"bias {gate}", bias, symmetric(product))
    inputs[18] = Tensor("hidden", (batches, cells), dtype, hidden)
    inputs[19] = Tensor("cell", (batches, cells), "int16", cell)
    options = {
        "fused_activation_function": "TANH",
        "cell_clip": draw(st.sampled_from([0.0, 0.0, 0.01, 0.5, 3.0, 1e6])),
        "time_major": time_major,
        "intermediates": (*[symmetric(2.0**-12)] * 4, draw(st.sampled_from([hidden, other]))),
    }
    if draw(st.booleans()):
        inputs = inputs[:20]
    return remembering(
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        inputs,
        Tensor("output", (*first, cells), dtype, hidden),
        (18, 19),
        options,
    )


@st.composite
def read_variable(draw: Draw) -> Graph:
    shape, quantization = draw(shapes(5)), quantized(draw)
    dtype = draw(st.sampled_from(["int8", "int16", "int32", "float32"]))
    kind = quantization if dtype == "int8" else None
    rng = np.random.default_rng(draw(SEEDS))
    values = rng.integers(-120, 120, shape).astype(dtype)
    kept = Tensor("kept", shape, dtype, kind)
    return Graph(
        (activation("input", (1,), quantization), kept, Tensor("output", shape, dtype, kind)),
        (Node("READ_VARIABLE", (1,), (2,)),),
        (0,),
        (2,),
        (State(1, values),),
    )


@st.composite
def assign_variable(draw: Draw) -> Graph:
    """Its output is the variable itself."""
    shape, quantization = draw(shapes(5)), quantized(draw)
    dtype = draw(st.sampled_from(["int8", "int16", "int32", "float32"]))
    kind = quantization if dtype == "int8" else None
    return Graph(
        (Tensor("input", shape, dtype, kind), Tensor("kept", shape, dtype, kind)),
        (Node("ASSIGN_VARIABLE", (1, 0), ()),),
        (0,),
        (1,),
        (State(1, np.zeros(shape, dtype)),),
    )


def assign_for_reference(graph: Graph) -> Graph:
    """The same ASSIGN_VARIABLE with a READ_VARIABLE that makes the variable an output."""
    (kept,) = graph.outputs
    read = len(graph.tensors)
    return graph.replace(
        tensors=(*graph.tensors, dataclasses.replace(graph.tensors[kept], name="read")),
        nodes=(*graph.nodes, Node("READ_VARIABLE", (kept,), (read,))),
        outputs=(read,),
    )


def initial_states(graph: Graph) -> dict[int, NDArray[Any]]:
    """What the graph's states hold after a reset, by tensor."""
    held = {}
    for state in graph.states:
        tensor = graph.tensors[state.tensor]
        zero = tensor.quantization.zero_point if tensor.quantization else 0
        filled = np.full(tensor.shape, zero, tensor.dtype)
        held[state.tensor] = filled if state.initial is None else state.initial
    return held


CASES = {
    "ASSIGN_VARIABLE": assign_variable(),
    "READ_VARIABLE": read_variable(),
    "SVDF": svdf(),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": lstm(),
}
