"""Tensors inside others: which copies the plan spares, and which it must not."""

import dataclasses
from collections.abc import Sequence

import pytest

from tinyflow.compiler.graph import Graph, Node, State, Tensor
from tinyflow.compiler.memory import Plan, plan_memory
from tinyflow.compiler.ops.op import Overlap, View
from tinyflow.compiler.steps import Step
from tinyflow.compiler.verify import VerificationError, verify_plan


def step(
    reads: tuple[int, ...], writes: tuple[int, ...], *views: View, updates: tuple[int, ...] = ()
) -> Step:
    return Step(Node("OP", reads, writes), reads, writes, views=views, updates=updates)


def planned(
    sizes: Sequence[int],
    steps: Sequence[Step],
    outputs: tuple[int, ...],
    states: tuple[int, ...] = (),
) -> tuple[Graph, Plan]:
    """The graph of `steps`, whose input is tensor 0, and its plan, proved."""
    tensors = tuple(Tensor(f"t{i}", (size,), "int8") for i, size in enumerate(sizes))
    nodes = tuple(step.node for step in steps)
    graph = Graph(tensors, nodes, (0,), outputs, tuple(map(State, states)))
    plan = plan_memory(graph, steps)
    verify_plan(graph, steps, plan)
    return graph, plan


def honoured(plan: Plan, steps: Sequence[Step]) -> list[bool]:
    return [plan.honours(view) for step in steps for view in step.views]


def test_parts_are_computed_where_they_are_concatenated() -> None:
    steps = [
        step((0,), (1,)),
        step((0,), (2,)),
        step((1, 2), (3,), View(1, 3, 0), View(2, 3, 400)),
    ]
    _, plan = planned((100, 400, 600, 1000), steps, (3,))
    assert honoured(plan, steps) == [True, True]
    assert plan.activation_bytes == 1100


def test_a_concatenation_inside_another_moves_nothing() -> None:
    steps = [
        step((0,), (1,)),
        step((0,), (2,)),
        step((1, 2), (3,), View(1, 3, 0), View(2, 3, 40)),
        step((0,), (4,)),
        step((4, 3), (5,), View(4, 5, 0), View(3, 5, 60)),
    ]
    _, plan = planned((8, 40, 20, 60, 60, 120), steps, (5,))
    assert honoured(plan, steps) == [True] * 4
    assert plan.activation_bytes == 128


def test_the_input_itself_may_be_a_part() -> None:
    steps = [step((0,), (1,)), step((1, 0), (2,), View(1, 2, 0), View(0, 2, 200))]
    _, plan = planned((100, 200, 300), steps, (2,))
    assert honoured(plan, steps) == [True, True]
    assert plan.activation_bytes == 300


def test_one_tensor_cannot_be_at_two_places() -> None:
    steps = [step((0,), (1,), View(0, 1, 0), View(0, 1, 100))]
    _, plan = planned((100, 200), steps, (1,))
    assert honoured(plan, steps) == [True, False]
    assert plan.activation_bytes == 200


def test_a_part_in_two_concatenations_is_copied_into_one() -> None:
    """The other parts would lie at one place at the same time."""
    steps = [
        step((0,), (1,)),
        step((0,), (2,)),
        step((0,), (3,)),
        step((1, 2), (4,), View(1, 4, 0), View(2, 4, 40)),
        step((1, 3), (5,), View(1, 5, 0), View(3, 5, 40)),
        step((4, 5), (6,)),
    ]
    _, plan = planned((8, 40, 80, 80, 120, 120, 8), steps, (6,))
    assert sum(honoured(plan, steps)) == 3


def test_a_part_that_would_not_be_aligned_is_copied() -> None:
    steps = [
        step((0,), (1,)),
        step((0,), (2,)),
        step((1, 2), (3,), View(1, 3, 0), View(2, 3, 41)),
    ]
    _, plan = planned((8, 41, 20, 61), steps, (3,))
    assert honoured(plan, steps) == [True, False]


def test_the_parts_of_a_split_stay_where_they_are() -> None:
    steps = [
        step((0,), (1, 2), View(1, 0, 0), View(2, 0, 64)),
        step((1,), (3,)),
        step((2, 3), (4,)),
    ]
    _, plan = planned((128, 64, 64, 64, 16), steps, (4,))
    assert honoured(plan, steps) == [True, True]
    # What is left of the input when its first part is dead takes the output.
    assert plan.activation_bytes == 192


def test_a_reshape_read_in_place_spoils_its_original() -> None:
    """The reshape is overwritten in place while what it was made from is still needed."""
    steps = [
        step((0,), (1,), View(1, 0)),
        dataclasses.replace(step((1,), (2,)), overlaps=(Overlap(1, 2),)),
        step((0, 2), (3,)),
    ]
    _, plan = planned((100, 100, 100, 8), steps, (3,))
    assert plan.offsets[2] != plan.offsets[0]
    assert plan.activation_bytes == 208


def test_a_graph_output_may_be_a_reshape_of_another() -> None:
    steps = [step((0,), (1,)), step((1,), (2,), View(2, 1))]
    _, plan = planned((100, 100, 100), steps, (1, 2))
    assert honoured(plan, steps) == [True]
    assert plan.activation_bytes == 200


def test_a_state_is_read_where_it_lies_until_it_changes() -> None:
    steps = [
        step((1,), (2,), View(2, 1)),
        step((0, 2), (3,)),
        step((0,), (), updates=(1,)),
    ]
    _, plan = planned((100, 100, 100, 8), steps, (3,), (1,))
    assert honoured(plan, steps) == [True]
    assert plan.activation_bytes == 208


def test_a_state_that_changes_before_it_was_read_is_copied() -> None:
    steps = [
        step((1,), (2,), View(2, 1)),
        step((0,), (), updates=(1,)),
        step((0, 2), (3,)),
    ]
    _, plan = planned((100, 100, 100, 8), steps, (3,), (1,))
    assert honoured(plan, steps) == [False]


def test_a_value_is_computed_in_the_state_it_is_assigned_to() -> None:
    """Once nobody needs what was there."""
    steps = [
        step((1,), (2,)),
        step((0, 2), (3,)),
        step((3,), (), View(1, 3), updates=(1,)),
        step((3,), (4,)),
    ]
    _, plan = planned((100, 80, 8, 80, 8), steps, (4,), (1,))
    assert honoured(plan, steps) == [True]
    assert plan.activation_bytes == 188


def test_a_value_is_not_computed_in_a_state_that_is_still_read() -> None:
    steps = [
        step((0,), (2,)),
        step((1, 2), (3,)),
        step((2,), (), View(1, 2), updates=(1,)),
    ]
    _, plan = planned((100, 80, 80, 8), steps, (3,), (1,))
    assert honoured(plan, steps) == [False]


def test_a_state_changed_in_place_keeps_its_place_from_start_to_end() -> None:
    """A kernel that changes a state may need the bytes that were there, though it does not list
    the state among what it reads.
    """
    steps = [step((0,), (2,)), step((2,), (3,)), step((3,), (4,), updates=(1,))]
    graph, plan = planned((8, 400, 400, 8, 8), steps, (4,), (1,))
    assert plan.activation_bytes == 808
    for tensor in (2, 3):
        offsets = {**plan.offsets, tensor: plan.offsets[1]}
        with pytest.raises(VerificationError):
            verify_plan(graph, steps, dataclasses.replace(plan, offsets=offsets))


@pytest.mark.parametrize(("tensor", "by"), [(1, 4), (2, 4), (3, 8), (1, -4)])
def test_a_part_moved_out_of_its_place_is_found_or_copied(tensor: int, by: int) -> None:
    """A part beside its place would be copied over itself."""
    steps = [
        step((0,), (1,)),
        step((0,), (2,)),
        step((1, 2), (3,), View(1, 3, 0), View(2, 3, 400)),
    ]
    graph, plan = planned((100, 400, 600, 1000), steps, (3,))
    offsets = {key: start + 16 for key, start in plan.offsets.items()}
    offsets[tensor] += by
    moved = dataclasses.replace(plan, offsets=offsets, arena_bytes=plan.arena_bytes + 64)
    with pytest.raises(VerificationError):
        verify_plan(graph, steps, moved)
