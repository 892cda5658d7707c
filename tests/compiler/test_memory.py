"""The planner on random steps, and the proof of its plans on plans that were broken."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_steps import random_steps
from traced_steps import with_row_overlaps

from tinyflow.compiler.graph import Graph, Node, Tensor
from tinyflow.compiler.memory import Plan, busiest_step, plan_memory
from tinyflow.compiler.ops.op import Overlap
from tinyflow.compiler.steps import Step, lower
from tinyflow.compiler.tflite_reader import read_tflite
from tinyflow.compiler.verify import VerificationError, verify_graph, verify_plan

MODELS = Path(__file__).parents[3] / "shared" / "models" / "mlperf_tiny"


def greedy_by_size(graph: Graph, steps: list[Step]) -> int:
    """Arena of the usual heuristic: whole tensors, largest first, each as low as it fits."""
    lives = {tensor: [-1, -1] for tensor in graph.inputs}
    for state in graph.states:
        lives[state.tensor] = [-1, len(steps)]
    extra = []
    for position, step in enumerate(steps):
        for tensor in step.writes:
            lives[tensor] = [position, position]
        for tensor in step.reads:
            lives[tensor][1] = max(lives[tensor][1], position)
        extra += [(ring, position, position) for ring in step.rings]
    for tensor in graph.outputs:
        lives[tensor][1] = len(steps)
    wanted = [(graph.tensors[tensor].size_bytes, *live) for tensor, live in lives.items()] + extra
    placed: list[tuple[int, int, int, int]] = []
    for size, first, last in sorted(wanted, key=lambda item: -item[0]):
        offset = 0
        for start, stop, born, dead in sorted(placed):
            if born <= last and first <= dead:
                if start - offset >= size:
                    break
                offset = max(offset, -(-stop // 4) * 4)
        placed.append((offset, offset + size, first, last))
    return max(-(-stop // 4) * 4 for _, stop, _, _ in placed)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_plans_of_random_steps_are_sound_and_never_worse_than_greedy(seed: int) -> None:
    graph, steps = random_steps(seed)
    verify_graph(graph, "making")
    plan = plan_memory(graph, steps)
    verify_plan(graph, steps, plan)
    assert plan.activation_bytes <= greedy_by_size(graph, steps)
    _, busiest = busiest_step(graph, steps, plan)
    assert busiest <= plan.arena_bytes
    scratch = max((step.scratch_bytes + 3 for step in steps), default=0)
    assert plan.activation_bytes <= plan.arena_bytes <= plan.activation_bytes + scratch


def test_the_same_steps_get_the_same_plan() -> None:
    assert plan_memory(*random_steps(7)) == plan_memory(*random_steps(7))


def test_a_hundred_steps_are_planned_at_once() -> None:
    graph, steps = random_steps(5, 140)
    assert len(steps) > 100
    plan = plan_memory(graph, steps)
    verify_plan(graph, steps, plan)


@pytest.mark.skipif(not MODELS.is_dir(), reason="../shared/models is not beside this checkout")
@pytest.mark.parametrize(
    ("model", "whole_tensors", "by_rows"),
    [
        ("ad01_int8", 768, 640),
        ("kws_ref_model", 16000, 8000),
        ("pretrainedResnet_quant", 49152, 32768),
        ("vww_96_int8", 55296, 36864),
    ],
)
def test_reference_models_take_the_least_that_is_known(
    model: str, whole_tensors: int, by_rows: int
) -> None:
    graph = read_tflite(MODELS / f"{model}.tflite")
    steps = [dataclasses.replace(step, overlaps=(), scratch_bytes=0) for step in lower(graph)]
    for some, expected in ((steps, whole_tensors), (with_row_overlaps(graph, steps), by_rows)):
        plan = plan_memory(graph, some)
        verify_plan(graph, some, plan)
        assert (plan.activation_bytes, plan.proved) == (expected, True)


def chain(count: int, size: int, reach: int | None) -> tuple[Graph, list[Step]]:
    """`count` steps one after the other, of tensors of one size."""
    tensors = tuple(Tensor(f"t{i}", (size,), "int8") for i in range(count + 1))
    steps = [
        Step(
            Node("OP", (i,), (i + 1,)),
            (i,),
            (i + 1,),
            overlaps=() if reach is None else (Overlap(i, i + 1, reach),),
        )
        for i in range(count)
    ]
    return Graph(tensors, tuple(step.node for step in steps), (0,), (count,)), steps


@pytest.mark.parametrize(
    ("reach", "expected"), [(None, 2000), (0, 1000), (-100, 1200), (-98, 1200), (-2000, 2000)]
)
def test_a_chain_needs_as_much_as_its_overlap_leaves(reach: int | None, expected: int) -> None:
    graph, steps = chain(2, 1000, reach)
    plan = plan_memory(graph, steps)
    verify_plan(graph, steps, plan)
    assert plan.activation_bytes == expected


def test_an_input_that_is_read_later_is_not_overwritten() -> None:
    tensors = tuple(Tensor(f"t{i}", (1000,), "int8") for i in range(3))
    steps = [
        Step(Node("RELU", (0,), (1,)), (0,), (1,), overlaps=(Overlap(0, 1),)),
        Step(Node("ADD", (0, 1), (2,)), (0, 1), (2,), overlaps=(Overlap(0, 2), Overlap(1, 2))),
    ]
    graph = Graph(tensors, tuple(step.node for step in steps), (0,), (2,))
    plan = plan_memory(graph, steps)
    verify_plan(graph, steps, plan)
    assert plan.activation_bytes == 2000


def moved(plan: Plan, tensor: int, offset: int) -> Plan:
    return dataclasses.replace(
        plan, offsets={**plan.offsets, tensor: offset}, arena_bytes=plan.arena_bytes + 12000
    )


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(0, 2**32), st.integers(0, 2**32))
def test_an_output_moved_over_an_input_is_found(seed: int, choice: int) -> None:
    """Put the output of a plain step exactly over one of its inputs: the proof must fail."""
    graph, steps = random_steps(seed)
    plan = plan_memory(graph, steps)
    victims = [
        (step.reads[0], step.writes[0])
        for step in steps
        if step.writes and not step.views and not step.overlaps
    ]
    if victims:
        read, written = victims[choice % len(victims)]
        broken = moved(plan, written, plan.offsets[read])
        with pytest.raises(VerificationError):
            verify_plan(graph, steps, broken)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(0, 2**32), st.integers(0, 2**32))
def test_a_value_needed_later_that_is_overwritten_is_found(seed: int, choice: int) -> None:
    """Put a tensor over one that lives on: the later reader must find it out."""
    graph, steps = random_steps(seed)
    plan = plan_memory(graph, steps)
    last = {t: i for i, step in enumerate(steps) for t in step.reads}
    last |= dict.fromkeys(graph.outputs, len(steps))
    victims = [
        (held, written)
        for position, step in enumerate(steps)
        if not step.views
        for written in step.writes
        for held in last
        if last[held] > position
        and held not in (*step.writes, *step.updates, *(s.tensor for s in graph.states))
        and any(held in (*earlier.writes, *graph.inputs) for earlier in steps[:position])
    ]
    if victims:
        held, written = victims[choice % len(victims)]
        broken = moved(plan, written, plan.offsets[held])
        with pytest.raises(VerificationError):
            verify_plan(graph, steps, broken)


@pytest.mark.parametrize("seed", range(40))
def test_scratch_over_an_operand_is_found(seed: int) -> None:
    graph, steps = random_steps(seed)
    plan = plan_memory(graph, steps)
    for position in plan.scratch_offsets:
        tensor = steps[position].reads[0]
        broken = dataclasses.replace(
            plan,
            arena_bytes=plan.arena_bytes + 1000,
            scratch_offsets={**plan.scratch_offsets, position: plan.offsets[tensor]},
        )
        with pytest.raises(VerificationError, match="over an operand"):
            verify_plan(graph, steps, broken)


def test_a_tensor_outside_the_arena_is_found() -> None:
    graph, steps = chain(3, 1000, 0)
    plan = plan_memory(graph, steps)
    with pytest.raises(VerificationError, match="outside the arena"):
        verify_plan(graph, steps, dataclasses.replace(plan, arena_bytes=plan.arena_bytes - 4))
    with pytest.raises(VerificationError, match="outside the arena"):
        verify_plan(graph, steps, moved(plan, 2, -4))


def test_a_tensor_that_is_not_aligned_is_found() -> None:
    graph, steps = chain(3, 1000, None)
    plan = plan_memory(graph, steps)
    with pytest.raises(VerificationError, match="not aligned"):
        verify_plan(graph, steps, moved(plan, 3, 4001))


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
