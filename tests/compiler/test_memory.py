"""The planner on random graphs, and the proof of its plans on plans that were broken."""

import dataclasses
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyflow.compiler.graph import Graph, Node, Tensor
from tinyflow.compiler.memory import Plan, Step, lower_bound, plan_memory
from tinyflow.compiler.verify import VerificationError, verify_graph, verify_plan


def random_steps(seed: int) -> tuple[Graph, list[Step]]:
    """A graph of random joins, with reshapes, in-place operators and scratch here and there."""
    chance = random.Random(seed)
    tensors = [Tensor("in", (chance.randint(1, 5000),), "int8")]
    steps: list[Step] = []
    for index in range(chance.randint(1, 14)):
        reads = tuple(sorted({chance.randrange(len(tensors)) for _ in range(chance.randint(1, 3))}))
        kind = chance.choice(["plain", "plain", "move", "share"])
        size = tensors[reads[0]].shape[0] if kind != "plain" else chance.randint(1, 5000)
        if kind == "move":
            reads = reads[:1]
        tensors.append(Tensor(f"t{index}", (size,), "int8"))
        node = Node("OP", reads, (len(tensors) - 1,), index=index)
        steps.append(
            Step(
                node,
                reads,
                len(tensors) - 1,
                scratch_bytes=chance.choice([0, 0, 64, 700]) if kind != "move" else 0,
                moves_nothing=kind == "move",
                may_share=reads[:1] if kind == "share" else (),
            )
        )
    nodes = tuple(step.node for step in steps)
    return Graph(tuple(tensors), nodes, (0,), (len(tensors) - 1,)), steps


def prove(graph: Graph, steps: list[Step], plan: Plan) -> None:
    verify_plan(graph, steps, plan, {i: step.may_share for i, step in enumerate(steps)})


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_plans_of_random_graphs_are_sound_and_near_the_bound(seed: int) -> None:
    graph, steps = random_steps(seed)
    verify_graph(graph, "making")
    plan = plan_memory(graph, steps)
    prove(graph, steps, plan)
    assert all(offset % 4 == 0 for offset in plan.offsets.values())
    _, bound = lower_bound(graph, steps, plan)
    total = sum(tensor.size_bytes + 4 for tensor in graph.tensors)
    total += sum(step.scratch_bytes for step in steps)
    assert bound <= plan.arena_bytes <= total


def test_the_same_graph_gets_the_same_plan() -> None:
    assert plan_memory(*random_steps(7)) == plan_memory(*random_steps(7))


def test_an_in_place_chain_needs_one_tensor() -> None:
    tensors = tuple(Tensor(f"t{i}", (1000,), "int8") for i in range(5))
    steps = [Step(Node("RELU", (i,), (i + 1,)), (i,), i + 1, may_share=(i,)) for i in range(4)]
    graph = Graph(tensors, tuple(step.node for step in steps), (0,), (4,))
    plan = plan_memory(graph, steps)
    prove(graph, steps, plan)
    assert plan.arena_bytes == 1000


def test_an_input_that_is_read_later_is_not_taken_over() -> None:
    tensors = tuple(Tensor(f"t{i}", (1000,), "int8") for i in range(4))
    steps = [
        Step(Node("RELU", (0,), (1,)), (0,), 1, may_share=(0,)),
        Step(Node("ADD", (0, 1), (2,)), (0, 1), 2, may_share=(0, 1)),
    ]
    graph = Graph(tensors[:3], tuple(step.node for step in steps), (0,), (2,))
    plan = plan_memory(graph, steps)
    prove(graph, steps, plan)
    assert plan.arena_bytes == 2000


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.integers(0, 2**32), st.integers(0, 2**32))
def test_a_moved_tensor_that_spoils_a_value_is_found(seed: int, choice: int) -> None:
    """Put one tensor over another that is live at the same time: the proof must fail."""
    graph, steps = random_steps(seed)
    plan = plan_memory(graph, steps)
    victims = [
        (step.reads[0], step.writes)
        for step in steps
        if not step.moves_nothing
        and not step.may_share
        and plan.offsets[step.writes] != plan.offsets[step.reads[0]]
    ]
    if not victims:
        return
    read, written = victims[choice % len(victims)]
    offsets = {**plan.offsets, written: plan.offsets[read]}
    broken = dataclasses.replace(plan, offsets=offsets, arena_bytes=plan.arena_bytes + 6000)
    with pytest.raises(VerificationError):
        prove(graph, steps, broken)


def test_a_tensor_outside_the_arena_is_found() -> None:
    graph, steps = random_steps(3)
    plan = plan_memory(graph, steps)
    with pytest.raises(VerificationError, match="outside the arena"):
        prove(graph, steps, dataclasses.replace(plan, arena_bytes=plan.arena_bytes - 4))


@pytest.mark.parametrize(
    ("nodes", "finding"),
    [
        ((Node("A", (1,), (2,)),), "unwritten"),
        ((Node("A", (0,), (1,)), Node("B", (0,), (1,))), "again"),
        ((Node("A", (0,), (9,)),), "no tensor"),
        ((Node("A", (7,), (1,)),), "no tensor"),
    ],
)
def test_a_broken_graph_is_found(nodes: tuple[Node, ...], finding: str) -> None:
    tensors = tuple(Tensor(f"t{i}", (4,), "int8") for i in range(3))
    with pytest.raises(VerificationError, match=finding):
        verify_graph(Graph(tensors, nodes, (0,), (1,)), "a test")
