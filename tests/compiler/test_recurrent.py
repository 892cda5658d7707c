"""LSTM and SVDF beyond what their random cases reach."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kernel_server import KernelServer
from numpy.typing import NDArray
from operator_cases import SEEDS, input_rows
from operator_cases.recurrent import initial_states, lstm, svdf, symmetric
from streaming_networks import NETWORKS
from tflite_writer import write_tflite

from tinyflow.compiler.graph import ABSENT, Graph, Node, Quantization, State, Tensor
from tinyflow.compiler.ops import check_node
from tinyflow.compiler.quantmath import quantize_multiplier, requantize
from tinyflow.reference import ReferenceInterpreter

BATCHES, CELLS, DEPTH = 256, 32, 4
SATURATED, HALF = 40_000, 2_250  # Q3.12; tanh of the second is a half


def sweep(swept: int, cell_exponent: int, first: int = 0) -> Graph:
    """An LSTM whose gate `swept` sees every eighth int16 before its activation, from `first` on.

    It sees 256 times the batch's number and 8 times the cell's number; the other gates see the
    largest.
    """
    source = Quantization((2.0**-6,), (0,))
    tensors = [Tensor("input", (BATCHES, 1, DEPTH), "int8", source)]
    places = [0]

    def constant(values: NDArray[Any], scale: float) -> None:
        places.append(len(tensors))
        tensors.append(
            Tensor("constant", values.shape, values.dtype.name, symmetric(scale), values)
        )

    for gate in range(4):
        constant(np.full((CELLS, DEPTH), 64 if gate == swept else 0, np.int8), 2.0**-6)
    for _ in range(4):
        constant(np.zeros((CELLS, CELLS), np.int8), 2.0**-6)
    places += [ABSENT] * 3
    for gate in range(4):
        # A cell state that is only half full leaves the forget gate room to show.
        numbers = np.full(CELLS, HALF if (swept, gate) == (1, 2) else SATURATED)
        if gate == swept:
            numbers = first + np.arange(CELLS) * (256 // CELLS)
        constant(numbers.astype(np.int32), 2.0**-12)
    places += [ABSENT] * 2
    hidden = Quantization((2.0**-7,), (0,))
    for name, dtype, kind in (
        ("hidden", "int8", hidden),
        ("cell", "int16", symmetric(2.0**cell_exponent)),
    ):
        places.append(len(tensors))
        tensors.append(Tensor(name, (BATCHES, CELLS), dtype, kind))
    states = tuple(State(place) for place in places[-2:])
    tensors.append(Tensor("output", (BATCHES, 1, CELLS), "int8", hidden))
    options = {
        "fused_activation_function": "TANH",
        "intermediates": (*[symmetric(2.0**-12)] * 4, hidden),
    }
    node = Node(
        "UNIDIRECTIONAL_SEQUENCE_LSTM", (*places, *[ABSENT] * 4), (len(tensors) - 1,), options
    )
    return Graph(tuple(tensors), (node,), (0,), (len(tensors) - 1,), states)


def step(
    graph: Graph,
    values: dict[int, NDArray[Any]],
    reference: ReferenceInterpreter,
    kernels: KernelServer,
) -> dict[int, NDArray[Any]]:
    """One inference, compared; the states in `values` go on."""
    (node,) = graph.nodes
    assert check_node(graph, node) == []
    expected = reference.tensors(values[0].reshape(-1))
    found = kernels.run_node(graph, node, values)
    for tensor, array in found.items():
        np.testing.assert_array_equal(array, expected[tensor])
    values |= {state.tensor: found[state.tensor] for state in graph.states}
    return found


@pytest.mark.usefixtures("reference_interpreter")
@pytest.mark.parametrize("swept", range(4), ids=["input", "forget", "cell", "output"])
def test_every_value_before_an_activation(swept: int, kernels: KernelServer) -> None:
    """The cell state shows the gates' activations to the last bit, in two steps the forget gate's
    too; the hidden state shows the output gate's to eight bits.
    """
    rows = np.repeat(np.arange(-128, 128, dtype=np.int8), DEPTH)
    seen: set[int] = set()
    with ReferenceInterpreter() as reference:
        for first in range(256 // CELLS):
            graph = sweep(swept, -15, first)
            reference.load(write_tflite(graph))
            values = {0: rows.reshape(BATCHES, 1, DEPTH), **initial_states(graph)}
            for _ in range(2):
                found = step(graph, values, reference, kernels)
            shown = graph.outputs[0] if swept == 3 else graph.states[1].tensor
            seen |= set(found[shown].reshape(-1).tolist())
    assert len(seen) > (1000, 1000, 3000, 90)[swept]


@pytest.mark.usefixtures("reference_interpreter")
@pytest.mark.parametrize("exponent", range(-15, -8))
def test_the_tanh_of_cell_states_of_every_scale(exponent: int, kernels: KernelServer) -> None:
    """Cell states that add up over the steps, until they are limited to 16 bits."""
    graph = sweep(2, exponent)
    rows = np.repeat(np.arange(-128, 128, dtype=np.int8), DEPTH)
    values = {0: rows.reshape(BATCHES, 1, DEPTH), **initial_states(graph)}
    with ReferenceInterpreter(write_tflite(graph)) as reference:
        for _ in range(min(2 ** (exponent + 16), 24)):
            step(graph, values, reference, kernels)


def svdf_model(graph: Graph, values: dict[int, NDArray[Any]]) -> tuple[Any, Any]:
    """SVDF with a state of int8 as TensorFlow Lite Micro computes it: output and new state."""
    (node,) = graph.nodes
    source, features, time, bias, state = (graph.input(node, place) for place in range(5))
    assert source is not None and features is not None and time is not None and state is not None
    output = graph.output(node)

    def scale(tensor: Tensor) -> np.float32:
        assert tensor.quantization is not None
        return np.float32(tensor.quantization.scale)

    def zero(tensor: Tensor) -> int:
        assert tensor.quantization is not None
        return tensor.quantization.zero_point

    kept = quantize_multiplier(float(scale(source) * scale(features) / scale(state)))
    shown = quantize_multiplier(float(scale(state) * scale(time) / scale(output)))
    assert features.data is not None and time.data is not None
    filters, memory = time.shape
    rank = int(node.options["rank"])
    held = values[node.inputs[4]].astype(int).reshape(-1, filters, memory)
    held[:, :, :-1] = held[:, :, 1:]
    sums = (values[0].astype(int) - zero(source)) @ features.data.astype(int).T
    for batch, filter_index in np.ndindex(sums.shape):
        newest = requantize(int(sums[batch, filter_index]), kept) + zero(state)
        held[batch, filter_index, -1] = min(max(newest, -128), 127)
    total = ((held - zero(state)) * time.data.astype(int)).sum(2)
    total = total.reshape(len(held), -1, rank).sum(2)
    if bias is not None and bias.data is not None:
        total = total + bias.data
    made = [
        min(max(requantize(int(value), shown) + zero(output), -128), 127)
        for value in total.reshape(-1)
    ]
    return np.array(made).reshape(total.shape), held.reshape(len(held), -1)


def test_svdf_with_a_state_of_int8(kernels: KernelServer) -> None:
    @settings(
        derandomize=True, deadline=None, max_examples=60, suppress_health_check=list(HealthCheck)
    )
    @given(svdf("int8"), SEEDS)
    def run(graph: Graph, seed: int) -> None:
        (node,) = graph.nodes
        assert check_node(graph, node) == []
        kept = initial_states(graph)
        for row in input_rows(graph, seed):
            values = {0: row.reshape(graph.tensors[0].shape), **kept}
            output, state = svdf_model(graph, values)
            found = kernels.run_node(graph, node, values)
            np.testing.assert_array_equal(found[graph.outputs[0]], output)
            kept = {node.inputs[4]: found[node.inputs[4]]}
            np.testing.assert_array_equal(kept[node.inputs[4]], state)

    run()


Change = dict[str, Any]


def changed(graph: Graph, **changes: Any) -> Graph:
    node = dataclasses.replace(graph.nodes[0], **changes)
    return graph.replace(nodes=(node, *graph.nodes[1:]))


def with_input(graph: Graph, place: int, tensor: int) -> Graph:
    inputs = list(graph.nodes[0].inputs)
    inputs[place] = tensor
    return changed(graph, inputs=tuple(inputs))


def with_options(graph: Graph, **options: Any) -> Graph:
    return changed(graph, options={**graph.nodes[0].options, **options})


def with_tensor(graph: Graph, place: int, **changes: Any) -> Graph:
    tensors = list(graph.tensors)
    index = graph.nodes[0].inputs[place]
    tensors[index] = dataclasses.replace(tensors[index], **changes)
    return graph.replace(tensors=tuple(tensors))


LSTM, SVDF = NETWORKS["lstm"], NETWORKS["svdf"]
BIAS = LSTM.nodes[0].inputs[12]


@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        (with_input(LSTM, 1, ABSENT), "input 1 left out (coupled input and forget gates)"),
        (with_input(LSTM, 2, ABSENT), "(found: input 2 left out)"),
        (with_input(LSTM, 10, BIAS), "(found: peephole weights)"),
        (with_input(LSTM, 16, 1), "(found: a projection)"),
        (with_input(LSTM, 20, BIAS), "(found: layer normalization)"),
        (with_options(LSTM, fused_activation_function="RELU"), "(found: RELU)"),
        (with_options(LSTM, diagonal_recurrent_tensors=True), "(found: diagonal)"),
        (with_options(LSTM, cell_clip=-1.0), "(found: -1)"),
        (with_options(LSTM, cell_clip=1e-9), "(found: 1e-09)"),
        (with_options(LSTM, time_major=True), "a state of 1x5 for 3x5"),
        (with_tensor(LSTM, 19, quantization=symmetric(0.3)), "cell has scale 0.3"),
        (with_tensor(LSTM, 19, quantization=symmetric(2.0**-16)), "cell has scale 1.5"),
        (with_tensor(LSTM, 18, dtype="int16"), "hidden is int16"),
        (with_tensor(LSTM, 6, quantization=symmetric(1e12)), "(found: factor"),
        (LSTM.replace(states=LSTM.states[:1]), "(found: cell is none)"),
        (LSTM.replace(outputs=(*LSTM.outputs, LSTM.states[0].tensor)), "hidden is used elsewhere"),
        (with_input(LSTM, 19, LSTM.states[0].tensor), "hidden is int8 with"),
        (with_options(SVDF, rank=3), "14 filters of rank 3"),
        (with_options(SVDF, fused_activation_function="RELU6"), "(found: RELU6)"),
        (with_tensor(SVDF, 4, shape=(2, 42)), "a state of 2x42 for 1x84"),
        (with_tensor(SVDF, 4, dtype="int32"), "state 7 is int32"),
        (with_tensor(SVDF, 2, dtype="int8"), "is int8"),
        (with_input(SVDF, 3, 3), "is int8, there are 7 units"),
        (SVDF.replace(states=SVDF.states[1:]), "state 7 is none"),
    ],
)
def test_what_is_not_supported_is_told(graph: Graph, expected: str) -> None:
    assert expected in "\n".join(check_node(graph, graph.nodes[0]))


@settings(derandomize=True, deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))
@given(lstm(), st.integers(0, 23))
def test_an_input_left_out_is_refused_and_not_stumbled_over(graph: Graph, place: int) -> None:
    if place < len(graph.nodes[0].inputs) and graph.nodes[0].inputs[place] != ABSENT:
        assert check_node(with_input(graph, place, ABSENT), graph.nodes[0]) == []
        made = with_input(graph, place, ABSENT)
        assert check_node(made, made.nodes[0])
