"""Two memories: what lies in the fast one, against every choice there is."""

import dataclasses
import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_steps import random_steps
from traced_steps import with_row_overlaps

from tinyflow.compiler.graph import Graph, Node, Tensor
from tinyflow.compiler.memory.conflicts import ALIGNMENT, Sharing, problem, share
from tinyflow.compiler.memory.liveness import Key, Liveness, liveness
from tinyflow.compiler.memory.plan import Place
from tinyflow.compiler.memory.regions import plan_regions
from tinyflow.compiler.memory.solve import place
from tinyflow.compiler.steps import Step, lower
from tinyflow.compiler.tflite_reader import read_tflite
from tinyflow.compiler.verify import VerificationError, verify_plan, verify_regions

MODELS = Path(__file__).parents[3] / "shared" / "models" / "mlperf_tiny"


def least_slow_traffic(graph: Graph, steps: list[Step], fast_bytes: int) -> int | None:
    """The slow traffic of the best choice of buffers that fits, by trying all."""
    with_scratch = [
        dataclasses.replace(step, rings=(*step.rings, *[step.scratch_bytes][: step.scratch_bytes]))
        for step in steps
    ]
    live = liveness(graph, with_scratch)
    views = [view for step in steps for view in step.views]
    moves = [v for v in views if live.sizes[v.part] == live.sizes[v.whole]]
    found = [
        slow_traffic_of_sharing(graph, steps, live, share(live, shared), fast_bytes)
        for shared in (views, moves, [])
    ]
    return min((traffic for traffic in found if traffic is not None), default=None)


def slow_traffic_of_sharing(
    graph: Graph, steps: list[Step], live: Liveness, sharing: Sharing, fast_bytes: int
) -> int | None:
    demands = problem(live, sharing)
    load = [0] * len(sharing.members)
    for buffer, keys in enumerate(sharing.members):
        for position, step in enumerate(steps):
            homes = [
                [
                    (i, keys[t])
                    for i, keys in enumerate(sharing.members)
                    for t in [tensor]
                    if t in keys
                ]
                for view in step.views
                for tensor in (view.part, view.whole)
            ]
            spared = step.views and all(
                part == [(i, at + view.offset) for i, at in whole]
                for view, part, whole in zip(step.views, homes[::2], homes[1::2], strict=True)
            )
            if not spared:
                touched = (*step.reads, *step.writes, *step.updates)
                load[buffer] += sum(live.sizes[t] for t in touched if t in keys)
            for number, ring in enumerate(step.rings):
                load[buffer] += 2 * ring * ((position, number) in keys)
    seen: set[Key] = {*graph.inputs, *graph.outputs, *(state.tensor for state in graph.states)}
    seen |= {(i, len(step.rings)) for i, step in enumerate(steps) if step.scratch_bytes}
    fixed = [i for i, keys in enumerate(sharing.members) if seen & set(keys)]
    free = [i for i in range(len(load)) if i not in fixed]
    best = None
    for count in range(len(free) + 1):
        for others in itertools.combinations(free, count):
            total = sum(load) - sum(load[buffer] for buffer in (*fixed, *others))
            if best is None or total < best:
                part = demands.part((*fixed, *others))
                best = total if place(part).extent * ALIGNMENT <= fast_bytes else best
    return best


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 2**32), st.integers(0, 12000))
def test_the_choice_is_the_one_with_the_least_slow_traffic(seed: int, fast_bytes: int) -> None:
    graph, steps = random_steps(seed, 4)
    plan = plan_regions(graph, steps, fast_bytes)
    small = len(graph.tensors) + sum(len(step.rings) for step in steps) <= 9
    if plan is not None:
        verify_regions(graph, steps, plan, fast_bytes)
        assert plan.proved or not small
    if small:
        expected = least_slow_traffic(graph, steps, fast_bytes)
        assert (None if plan is None else plan.slow_traffic) == expected


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 2**32), st.integers(0, 20000))
def test_plans_over_two_memories_are_sound(seed: int, fast_bytes: int) -> None:
    graph, steps = random_steps(seed)
    plan = plan_regions(graph, steps, fast_bytes)
    assert plan == plan_regions(graph, steps, fast_bytes)
    if plan is None:
        return
    verify_regions(graph, steps, plan, fast_bytes)
    assert plan.activation_bytes <= plan.fast_bytes <= fast_bytes
    assert plan.fast_traffic <= plan.traffic
    verify_plan(graph, steps, plan.as_one_arena())
    one = plan.as_one_arena()
    assert (one.fast_bytes, one.slow_bytes) == (plan.fast_bytes, plan.slow_bytes)
    assert {t: one.place(offset) for t, offset in one.offsets.items()} == plan.tensors


def test_everything_is_fast_where_there_is_room_and_nothing_found_where_there_is_none() -> None:
    graph, steps = random_steps(11)
    everything = plan_regions(graph, steps, 1 << 20)
    assert everything is not None
    # Tensors that nothing reads or writes, the caller apart, need not be fast.
    assert everything.fast_traffic == everything.traffic > 0
    seen = [*graph.inputs, *graph.outputs, *(state.tensor for state in graph.states)]
    largest = max(graph.tensors[tensor].size_bytes for tensor in seen)
    assert plan_regions(graph, steps, largest - ALIGNMENT) is None


def test_small_busy_tensors_come_before_a_large_one() -> None:
    """A large tensor is written and read once; a small one is read by every step."""
    tensors = tuple(Tensor(f"t{i}", (s,), "int8") for i, s in enumerate((400, 4000, 100, 100, 8)))
    steps = [
        Step(Node("OP", (0,), (1,)), (0,), (1,)),
        Step(Node("OP", (0, 1), (2,)), (0, 1), (2,)),
        Step(Node("OP", (0, 2), (3,)), (0, 2), (3,)),
        Step(Node("OP", (0, 3), (4,)), (0, 3), (4,), scratch_bytes=200),
    ]
    graph = Graph(tensors, tuple(step.node for step in steps), (0,), (4,))
    plan = plan_regions(graph, steps, 1000)
    assert plan is not None
    verify_regions(graph, steps, plan, 1000)
    assert [plan.tensors[t].fast for t in range(5)] == [True, False, True, True, True]
    assert plan.scratch[3].fast
    assert plan.slow_bytes == 4000
    assert plan.fast_traffic == 4 * 400 + 200 + 200 + 8
    # Where the large one is said to be read over and over, it is the one to have.
    other = plan_regions(graph, steps, 4440, {(1, 1): 100_000})
    assert other is not None
    assert [other.tensors[t].fast for t in range(5)] == [True, True, False, True, True]


def test_what_is_not_where_it_should_be_is_found() -> None:
    graph, steps = random_steps(12)
    plan = plan_regions(graph, steps, 9000)
    assert plan is not None
    with pytest.raises(VerificationError, match="the fast memory takes"):
        verify_regions(graph, steps, plan, plan.fast_bytes - 4)
    tensor = steps[0].writes[0]
    outside = {**plan.tensors, tensor: Place(True, plan.fast_bytes)}
    with pytest.raises(VerificationError, match="outside their memory"):
        verify_regions(graph, steps, dataclasses.replace(plan, tensors=outside), 9000)
    (source, *_) = graph.inputs
    slow = {**plan.tensors, source: Place(False, 0)}
    with pytest.raises(VerificationError, match="in the slow memory"):
        verify_regions(graph, steps, dataclasses.replace(plan, tensors=slow), 9000)


@pytest.mark.skipif(not MODELS.is_dir(), reason="../shared/models is not beside this checkout")
@pytest.mark.parametrize("model", ["kws_ref_model", "pretrainedResnet_quant", "vww_96_int8"])
def test_reference_models_keep_most_of_their_traffic_fast(model: str) -> None:
    graph = read_tflite(MODELS / f"{model}.tflite")
    steps = with_row_overlaps(graph, lower(graph))
    shares = []
    for fast_bytes in (29_000, 34_000, 65536):
        plan = plan_regions(graph, steps, fast_bytes)
        assert plan is not None
        verify_regions(graph, steps, plan, fast_bytes)
        shares.append(plan.fast_traffic / plan.traffic)
    assert shares == sorted(shares)
    assert shares[-1] == 1
