"""The order of the steps against all orders there are, on graphs small enough to try them."""

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_steps import random_steps

from tinyflow.compiler.graph import Graph, Node, State, Tensor
from tinyflow.compiler.memory import Plan, order, plan_memory
from tinyflow.compiler.memory.order import best_order, predecessors
from tinyflow.compiler.ops.op import View
from tinyflow.compiler.steps import Step
from tinyflow.compiler.verify import VerificationError, verify_plan


def peak_bytes(graph: Graph, steps: Sequence[Step], taken: Sequence[int]) -> int:
    """The bytes needed at the busiest step, where no byte between tensors is lost."""
    return order._peak(order._Costs(graph, steps), taken)


def plan_in_order(graph: Graph, steps: Sequence[Step]) -> tuple[tuple[Step, ...], Plan]:
    """The steps in the order that takes the least memory, and their plan.

    It is the order of the file unless another one saves activation bytes.
    """
    usual = plan_memory(graph, steps)
    found = best_order(graph, steps)
    if found == tuple(range(len(steps))):
        return tuple(steps), usual
    sorted_steps = tuple(steps[position] for position in found)
    plan = plan_memory(graph, sorted_steps)
    if plan.activation_bytes < usual.activation_bytes:
        return sorted_steps, plan
    return tuple(steps), usual


def is_sound(before: list[int], order: tuple[int, ...]) -> bool:
    done = 0
    for position in order:
        if before[position] & ~done:
            return False
        done |= 1 << position
    return True


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_no_order_needs_less(seed: int) -> None:
    graph, steps = random_steps(seed, 6)
    before = predecessors(graph, steps)
    found = best_order(graph, steps)
    assert sorted(found) == list(range(len(steps)))
    assert is_sound(before, found)
    least = min(
        peak_bytes(graph, steps, order)
        for order in itertools.permutations(range(len(steps)))
        if is_sound(before, order)
    )
    assert peak_bytes(graph, steps, found) == least
    if least == peak_bytes(graph, steps, range(len(steps))):
        assert found == tuple(range(len(steps)))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_the_order_chosen_is_sound_and_never_worse_than_the_files(seed: int) -> None:
    graph, steps = random_steps(seed)
    ordered, plan = plan_in_order(graph, steps)
    verify_plan(graph, ordered, plan)
    assert plan.activation_bytes <= plan_memory(graph, steps).activation_bytes
    assert plan_in_order(graph, steps) == (ordered, plan)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 2**32), st.integers(0, 2**32))
def test_a_step_before_its_input_is_found(seed: int, choice: int) -> None:
    """The replay of a wrong order finds a value that is not there yet."""
    graph, steps = random_steps(seed)
    pairs = [
        (a, b)
        for b, step in enumerate(steps)
        for a in range(b)
        if set(steps[a].writes) & set(step.reads)
    ]
    if pairs:
        a, b = pairs[choice % len(pairs)]
        wrong = [*steps[:a], *steps[a + 1 : b + 1], steps[a], *steps[b + 1 :]]
        with pytest.raises(VerificationError):
            verify_plan(graph, wrong, plan_memory(graph, steps))


def test_a_node_left_out_or_done_twice_is_found() -> None:
    graph, steps = random_steps(4)
    plan = plan_memory(graph, steps)
    for wrong in (steps[1:], [steps[0], *steps]):
        with pytest.raises(VerificationError, match="each once"):
            verify_plan(graph, wrong, plan)


def branches(count: int, size: int) -> tuple[Graph, list[Step]]:
    """Branches that widen and shrink again, all first halves before all second halves, then the
    sum of all: one after the other needs one wide tensor, not `count`.
    """
    tensors = [Tensor("in", (10,), "int8")]
    steps = []

    def add(size: int, *reads: int) -> int:
        tensors.append(Tensor(f"t{len(tensors)}", (size,), "int8"))
        made = len(tensors) - 1
        node = Node("OP", reads, (made,), index=len(steps))
        steps.append(Step(node, reads, (made,)))
        return made

    wide = [add(size, 0) for _ in range(count)]
    narrow = [add(10, tensor) for tensor in wide]
    add(10, *narrow)
    nodes = tuple(step.node for step in steps)
    return Graph(tuple(tensors), nodes, (0,), (len(tensors) - 1,)), steps


@pytest.mark.parametrize("count", [2, 5, 12])
def test_branches_are_computed_one_after_the_other(count: int) -> None:
    graph, steps = branches(count, 1000)
    assert plan_memory(graph, steps).activation_bytes >= count * 1000
    ordered, plan = plan_in_order(graph, steps)
    verify_plan(graph, ordered, plan)
    assert plan.activation_bytes == 1000 + 12 * count


@pytest.mark.timeout(60)
def test_a_wide_graph_takes_the_beam() -> None:
    graph, steps = branches(40, 1000)
    order = best_order(graph, steps)
    assert peak_bytes(graph, steps, order) < 2000


def test_a_state_is_read_before_it_changes() -> None:
    """What reads a state stays on its side of what changes it, though moving it would save."""
    tensors = tuple(Tensor(f"t{i}", (size,), "int8") for i, size in enumerate((8, 8, 900, 8, 8)))
    steps = [
        Step(Node("READ", (1,), (2,)), (1,), (2,)),
        Step(Node("ASSIGN", (0, 1), ()), (0,), (), updates=(1,), views=(View(1, 0),)),
        Step(Node("READ", (1,), (3,)), (1,), (3,)),
        Step(Node("ADD", (2, 3), (4,)), (2, 3), (4,)),
    ]
    graph = Graph(tensors, tuple(s.node for s in steps), (0,), (4,), (State(1),))
    assert predecessors(graph, steps) == [0, 0b1, 0b10, 0b101]
    ordered, plan = plan_in_order(graph, steps)
    verify_plan(graph, ordered, plan)
    assert ordered == tuple(steps)
    for wrong in ((1, 0, 2, 3), (0, 2, 1, 3), (2, 0, 1, 3)):
        swapped = [steps[position] for position in wrong]
        with pytest.raises(VerificationError, match="changed"):
            verify_plan(graph, swapped, plan_memory(graph, swapped))
