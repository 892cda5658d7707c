"""Two memories: what lies in the fast one, against every choice there is."""

import dataclasses
import itertools
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_steps import random_steps
from traced_steps import with_row_overlaps

from tinyflow.compiler.graph import Graph, Node, Tensor
from tinyflow.compiler.memory.conflicts import ALIGNMENT, problem, share
from tinyflow.compiler.memory.liveness import liveness
from tinyflow.compiler.memory.regions import Place, RegionPlan, plan_regions
from tinyflow.compiler.memory.solve import place
from tinyflow.compiler.steps import Step, lower
from tinyflow.compiler.tflite_reader import read_tflite
from tinyflow.compiler.verify import VerificationError, verify_regions

MODELS = Path(__file__).parents[3] / "shared" / "models" / "mlperf_tiny"


def most_traffic(graph: Graph, steps: list[Step], plan: RegionPlan, fast_bytes: int) -> int:
    """The traffic of the best choice of buffers that fits, by trying all."""
    live = liveness(graph, steps)
    sharing = share(live, [view for step in steps for view in step.views])
    demands = problem(live, sharing)
    load = [0] * len(sharing.members)
    for buffer, keys in enumerate(sharing.members):
        for position, step in enumerate(steps):
            spared = step.views and all(
                plan.as_one_arena().honours(view) and (view.part in keys) == (view.whole in keys)
                for view in step.views
            )
            if not spared:
                touched = (*step.reads, *step.writes, *step.updates)
                load[buffer] += sum(live.sizes[t] for t in touched if t in keys)
            for number, ring in enumerate(step.rings):
                load[buffer] += 2 * ring * ((position, number) in keys)
    best = 0
    for count in range(len(load) + 1):
        for chosen in itertools.combinations(range(len(load)), count):
            total = sum(load[buffer] for buffer in chosen)
            if total > best and place(demands.part(chosen)).extent * ALIGNMENT <= fast_bytes:
                best = total
    return best


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 2**32), st.integers(0, 9000))
def test_the_choice_is_the_one_with_the_most_traffic(seed: int, fast_bytes: int) -> None:
    graph, steps = random_steps(seed, 4)
    plan = plan_regions(graph, steps, fast_bytes)
    verify_regions(graph, steps, plan, fast_bytes)
    if len(graph.tensors) + sum(len(step.rings) for step in steps) <= 9:
        assert plan.proved
        assert plan.fast_traffic == most_traffic(graph, steps, plan, fast_bytes)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 2**32), st.integers(0, 20000))
def test_plans_over_two_memories_are_sound(seed: int, fast_bytes: int) -> None:
    graph, steps = random_steps(seed)
    plan = plan_regions(graph, steps, fast_bytes)
    verify_regions(graph, steps, plan, fast_bytes)
    assert plan.fast_bytes <= fast_bytes
    assert plan == plan_regions(graph, steps, fast_bytes)
    assert plan.fast_traffic <= plan.traffic


def test_everything_is_fast_where_there_is_room_and_slow_where_there_is_none() -> None:
    graph, steps = random_steps(11)
    everything = plan_regions(graph, steps, 1 << 20)
    # Tensors that nothing reads or writes, the caller apart, need not be fast.
    assert everything.fast_traffic == everything.traffic > 0
    nothing = plan_regions(graph, steps, 0)
    assert (nothing.fast_traffic, nothing.fast_bytes) == (0, 0)
    assert not any(found.fast for found in nothing.tensors.values())


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
    verify_regions(graph, steps, plan, 1000)
    assert [plan.tensors[t].fast for t in range(5)] == [True, False, True, True, True]
    assert plan.scratch[3].fast
    assert plan.slow_bytes == 4000
    assert plan.fast_traffic == 4 * 400 + 200 + 200 + 8
    # Where the large one is said to be read over and over, it is the one to have.
    other = plan_regions(graph, steps, 4000, {1: 100_000})
    assert other.tensors[1].fast
    assert not other.tensors[0].fast


def test_what_is_not_where_it_should_be_is_found() -> None:
    graph, steps = random_steps(12)
    plan = plan_regions(graph, steps, 4000)
    with pytest.raises(VerificationError, match="the fast memory takes"):
        verify_regions(graph, steps, plan, plan.fast_bytes - 4)
    tensor = steps[0].writes[0]
    outside = {**plan.tensors, tensor: Place(True, plan.fast_bytes)}
    with pytest.raises(VerificationError, match="outside their memory"):
        verify_regions(graph, steps, dataclasses.replace(plan, tensors=outside), 4000)


@pytest.mark.skipif(not MODELS.is_dir(), reason="../shared/models is not beside this checkout")
@pytest.mark.parametrize("model", ["kws_ref_model", "pretrainedResnet_quant", "vww_96_int8"])
def test_reference_models_keep_most_of_their_traffic_fast(model: str) -> None:
    graph = read_tflite(MODELS / f"{model}.tflite")
    steps = with_row_overlaps(graph, lower(graph))
    start = time.process_time()
    shares = []
    for fast_bytes in (4096, 16384, 65536):
        plan = plan_regions(graph, steps, fast_bytes)
        verify_regions(graph, steps, plan, fast_bytes)
        shares.append(plan.fast_traffic / plan.traffic)
    assert time.process_time() - start < 10
    assert shares == sorted(shares)
    assert shares[-1] == 1
