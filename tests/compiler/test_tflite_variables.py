"""Variables in .tflite files: what they become, and what is refused."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any

import numpy as np
import pytest
from damage import damaged
from small_model import UNIT, finding
from streaming_networks import NETWORKS
from tflite_writer import (
    initialization,
    unpack,
    with_handles,
    write_subgraphs,
    write_tflite,
)
from tflite_writer import pack as packed

from tinyflow.compiler.graph import Graph, Node, Quantization, State, Tensor
from tinyflow.compiler.ops import OPS, check_node
from tinyflow.compiler.tflite_reader import read_tflite
from tinyflow.compiler.verify import verify_graph
from tinyflow.errors import ModelError

COPIES = 400
VALUES = np.arange(4, dtype=np.int8)
KEPT = Tensor("kept", (4,), "int8", UNIT)


def counter(**changes: Any) -> Graph:
    """What was kept plus the input is the output, and is kept."""
    graph = Graph(
        (Tensor("in", (4,), "int8", UNIT), KEPT, Tensor("before", (4,), "int8", UNIT),
         Tensor("sum", (4,), "int8", UNIT)),
        (Node("READ_VARIABLE", (1,), (2,)), Node("ADD", (0, 2), (3,)),
         Node("ASSIGN_VARIABLE", (1, 3), ())),
        (0,),
        (3,),
        (State(1, VALUES),),
    )  # fmt: skip
    return graph.replace(**changes)


def test_a_resource_becomes_a_state() -> None:
    graph = read_tflite(write_tflite(counter()))
    assert [node.op for node in graph.nodes] == ["READ_VARIABLE", "ADD", "ASSIGN_VARIABLE"]
    assert [node.index for node in graph.nodes] == [2, 3, 4]  # as in the file
    (state,) = graph.states
    tensor = graph.tensors[state.tensor]
    assert (tensor.name, tensor.shape, tensor.dtype, tensor.origin) == ("kept", (4,), "int8", -1)
    assert tensor.quantization == UNIT and tensor.data is None
    np.testing.assert_array_equal(state.initial, VALUES)
    assert graph.nodes[0].inputs == (state.tensor,)
    assert graph.nodes[2].inputs[0] == state.tensor
    assert all(check_node(graph, node) == [] for node in graph.nodes)
    assert [OPS[node.op].updates(graph, node) for node in graph.nodes] == [(), (), (state.tensor,)]
    verify_graph(graph, "reading")


def test_handles_of_one_name_are_one_state_and_others_are_not() -> None:
    """Converters make a handle for each use."""
    main = with_handles(counter())
    again = len(main.tensors)
    handles = [Node("VAR_HANDLE", (), (again + i,), {"shared_name": n}) for i, n in
               enumerate(("kept", "else"))]  # fmt: skip
    nodes = (*main.nodes[:-1], *handles, dataclasses.replace(main.nodes[-1], inputs=(again, 3)),
             Node("ASSIGN_VARIABLE", (again + 1, 3), ()))  # fmt: skip
    tensors = (*main.tensors, *[Tensor("", (), "resource")] * 2)
    main = main.replace(tensors=tensors, nodes=nodes)
    graph = read_tflite(write_subgraphs([main, initialization(counter())]))
    one, other = graph.states
    assert [node.inputs[0] for node in graph.nodes] == [one.tensor, 0, one.tensor, other.tensor]
    assert one.initial is not None and other.initial is None
    assert graph.tensors[other.tensor].name == "else"


def test_variable_tensors_become_states_that_start_at_zero_points() -> None:
    graph = read_tflite(write_tflite(NETWORKS["lstm"]))
    assert [graph.tensors[state.tensor].name for state in graph.states] == ["hidden", "cell"]
    assert all(state.initial is None for state in graph.states)
    hidden = graph.nodes[0].options["intermediates"][4]
    assert hidden == Quantization((1 / 128,), (4,)) and len(graph.nodes[0].inputs) == 24
    assert check_node(graph, graph.nodes[0]) == []


def test_a_variable_that_is_assigned_before_it_is_read_needs_no_first_value() -> None:
    graph = counter()
    write, read = Node("ASSIGN_VARIABLE", (1, 0), ()), Node("READ_VARIABLE", (1,), (3,))
    main = with_handles(graph.replace(nodes=(write, read)))
    graph = read_tflite(write_subgraphs([main.replace(nodes=main.nodes[1:])]))
    assert [state.initial for state in graph.states] == [None]


def without(graph: Graph, position: int) -> Graph:
    return graph.replace(nodes=graph.nodes[:position] + graph.nodes[position + 1 :])


def test_what_else_subgraphs_do_is_refused() -> None:
    main, init = with_handles(counter()), initialization(counter())
    uninitialised = write_subgraphs([without(main, 0)])
    assert "READ_VARIABLE reads variable 'kept', to which nothing was assigned" in finding(
        uninitialised
    )
    assert "subgraph 1 of 2: tinyflow reads the first" in finding(
        write_subgraphs([without(main, 0), init])
    )
    assert "node 0 CALL_ONCE calls subgraph 1 of 1" in finding(write_subgraphs([main]))
    early = Node("ASSIGN_VARIABLE", (1, 0), ())
    late = (main.nodes[1], early, main.nodes[0], *main.nodes[2:])
    assert "node 2 CALL_ONCE sets variable 'kept' after it was assigned" in finding(
        write_subgraphs([main.replace(nodes=late), init])
    )
    doing = init.replace(
        tensors=(*init.tensors, Tensor("twice", (4,), "int8", UNIT)),
        nodes=(*init.nodes[:1], Node("ADD", (1, 1), (2,)), *init.nodes[1:]),
    )
    assert "subgraph 1, which node 0 CALL_ONCE calls, has node 1 ADD" in finding(
        write_subgraphs([main, doing])
    )
    with_input = init.replace(
        tensors=(init.tensors[0], dataclasses.replace(init.tensors[1], data=None)), inputs=(1,)
    )
    text = finding(write_subgraphs([main, with_input]))
    assert "subgraph 1: 1 inputs of a subgraph that is called once" in text
    unread = init.replace(nodes=(*init.nodes[:1], Node("ASSIGN_VARIABLE", (0, 9), ())))
    assert "subgraph 1: node 1 ASSIGN_VARIABLE reads tensor 9 of 2" in finding(
        write_subgraphs([main, unread])
    )


def test_a_handle_is_for_reading_and_assigning_alone() -> None:
    main, init = with_handles(counter()), initialization(counter())
    nodes = (*main.nodes[:3], Node("ADD", (0, 1), (3,)), main.nodes[4])
    assert "node 3 ADD reads the handle of a variable" in finding(
        write_subgraphs([main.replace(nodes=nodes), init])
    )
    assert "output 1 is the handle of a variable" in finding(
        write_subgraphs([main.replace(outputs=(3, 1)), init])
    )
    nodes = (*main.nodes[:4], Node("ASSIGN_VARIABLE", (1, 1), ()))
    assert "ASSIGN_VARIABLE reads the handle of a variable" in finding(
        write_subgraphs([main.replace(nodes=nodes), init])
    )


def found(graph: Graph, position: int) -> str:
    graph = read_tflite(write_tflite(graph))
    return "\n".join(check_node(graph, graph.nodes[position]))


def test_a_value_of_another_kind_is_refused_by_its_operator() -> None:
    state = State(1, np.zeros((2, 2), np.int8))
    tensors = list(counter().tensors)
    tensors[1] = Tensor("kept", (2, 2), "int8", UNIT)
    assert "(found: 2x2 and 4)" in found(counter(tensors=tuple(tensors), states=(state,)), 0)
    tensors[1] = Tensor("kept", (4,), "int16", None)
    state = State(1, np.zeros(4, np.int16))
    text = found(counter(tensors=tuple(tensors), states=(state,)), 2)
    assert "(found: kept is int16, sum int8)" in text
    main = counter().nodes
    lone = counter(nodes=(main[0], Node("ADD", (0, 2), (3,)), Node("ASSIGN_VARIABLE", (1,), ())))
    assert "(found: 1 inputs)" in found(lone, 2)


def test_an_intermediate_out_of_range_is_refused() -> None:
    model = unpack(write_tflite(NETWORKS["lstm"]))
    count = len(model.subgraphs[0].tensors)
    model.subgraphs[0].operators[0].intermediates = [0, -1, count]
    assert f"node 0 has intermediate tensor {count} of {count}" in finding(packed(model))


def test_an_intermediate_is_no_tensor_to_compute_with() -> None:
    model = unpack(write_tflite(NETWORKS["lstm"]))
    lstm, reshape = model.subgraphs[0].operators[:2]
    reshape.inputs = [lstm.intermediates[0], reshape.inputs[1]]
    assert "which nothing has written before" in finding(packed(model))


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_damaged_files_are_read_or_refused(name: str) -> None:
    """Whatever is read is sound; nothing else is raised, and both happen."""
    outcomes: Counter[str] = Counter()
    for _, content in damaged(write_tflite(NETWORKS[name]), COPIES, seed=6):
        try:
            graph = read_tflite(content)
        except ModelError as error:
            assert error.what and error.detail
            outcomes["refused"] += 1
            continue
        verify_graph(graph, "reading")
        for node in graph.nodes:
            if node.op in OPS:
                check_node(graph, node)
        outcomes["read"] += 1
    assert min(outcomes["read"], outcomes["refused"]) > COPIES // 20, outcomes
