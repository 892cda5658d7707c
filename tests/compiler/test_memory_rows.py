"""Row traces against the kernels they describe, run byte by byte."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyflow.compiler.graph import Graph, Node, Tensor
from tinyflow.compiler.memory import RowTrace, elementwise, plan_memory, reach, windowed
from tinyflow.compiler.ops.op import Overlap
from tinyflow.compiler.steps import Step
from tinyflow.compiler.verify import VerificationError, verify_plan


def spoils(trace: RowTrace, distance: int) -> bool:
    """Whether a kernel so described reads a byte it has overwritten before, where its output
    starts `distance` bytes after its input.
    """
    base = trace.output_bytes + trace.input_bytes + abs(distance)
    memory = {base + i: i for i in range(trace.input_bytes)}
    read = 0
    for row, consumed in enumerate(trace.consumed):
        for at in range(read, consumed * trace.input_row_bytes):
            if memory[base + at] != at:
                return True
        read = max(read, consumed * trace.input_row_bytes)
        for at in range(trace.output_row_bytes):
            memory[base + distance + row * trace.output_row_bytes + at] = -1
    return any(memory[base + at] != at for at in range(read, trace.input_bytes))


@st.composite
def traces(draw: st.DrawFn) -> RowTrace:
    rows, outputs = draw(st.integers(1, 8)), draw(st.integers(1, 8))
    counts = sorted(draw(st.lists(st.integers(0, rows), min_size=outputs, max_size=outputs)))
    return RowTrace(rows, draw(st.integers(1, 5)), draw(st.integers(1, 5)), tuple(counts))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(traces())
def test_reach_is_the_farthest_start_from_which_all_before_are_safe(trace: RowTrace) -> None:
    found = reach(trace)
    end = trace.input_bytes
    for distance in range(-trace.output_bytes - 2, found + 1):
        assert not spoils(trace, distance)
    assert found == end or spoils(trace, found + 1)
    assert not spoils(trace, end)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(traces(), st.integers(-8, 8))
def test_the_proof_allows_exactly_what_does_no_harm(trace: RowTrace, place: int) -> None:
    """A plan with the output at some place over the input passes where the replay of the kernel
    finds all it reads.
    """
    tensors = (
        Tensor("in", (trace.input_bytes,), "int8"),
        Tensor("out", (trace.output_bytes,), "int8"),
    )
    step = Step(Node("OP", (0,), (1,)), (0,), (1,), overlaps=(Overlap(0, 1, reach(trace), trace),))
    graph = Graph(tensors, (step.node,), (0,), (1,))
    plan = plan_memory(graph, [step])
    verify_plan(graph, [step], plan)
    broken = dataclasses.replace(plan, offsets={0: 48, 1: 48 + 4 * place}, arena_bytes=200)
    if spoils(trace, 4 * place):
        with pytest.raises(VerificationError, match="before it is read"):
            verify_plan(graph, [step], broken)
    else:
        verify_plan(graph, [step], broken)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.integers(1, 6), st.integers(1, 3), st.integers(1, 4), st.integers(1, 3), st.integers(1, 2)
)
def test_windows_consume_what_their_rows_read(
    outputs: int, stride: int, span: int, before: int, batches: int
) -> None:
    before = min(before, span - 1)
    inputs = max(1, (outputs - 1) * stride + span - before)
    trace = windowed(
        outputs, inputs, span, stride, before, input_row_bytes=3, output_row_bytes=2,
        batches=batches,
    )  # fmt: skip
    assert (trace.input_rows, len(trace.consumed)) == (batches * inputs, batches * outputs)
    for row, consumed in enumerate(trace.consumed):
        batch, r = divmod(row, outputs)
        last = min(inputs - 1, r * stride - before + span - 1)
        assert consumed > batch * inputs + last
        assert consumed <= (batch + 1) * inputs
        # Never more than the ring holds: rows from the window's first on.
        assert r == outputs - 1 or consumed == batch * inputs + max(0, last + 1)


@pytest.mark.parametrize(
    ("given", "made", "expected"), [(1, 1, 0), (4, 1, 3), (1, 4, -27), (2, 4, -18), (4, 2, 2)]
)
def test_elements_that_widen_move_before_their_input(given: int, made: int, expected: int) -> None:
    """Ten elements: the output may start so far after the input."""
    assert reach(elementwise(10, given, made)) == expected


def test_known_layers() -> None:
    # 48x48x8 -> 48x48x16, 1x1: the last row but one must end where the last input row starts.
    grows = windowed(48, 48, 1, 1, 0, input_row_bytes=384, output_row_bytes=768)
    assert reach(grows) == -47 * 384
    same = windowed(25, 25, 3, 1, 1, input_row_bytes=320, output_row_bytes=320)
    assert reach(same) == 320
    # A pool over everything may write wherever it likes.
    pool = windowed(1, 25, 25, 25, 0, input_row_bytes=320, output_row_bytes=64)
    assert reach(pool) == pool.input_bytes


@pytest.mark.parametrize("consumed", [(2, 1), (0, 4), (-1, 3)])
def test_a_trace_that_cannot_be_is_refused(consumed: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="consumed rows fall"):
        RowTrace(3, 1, 1, consumed)


def test_rows_without_bytes_are_refused() -> None:
    with pytest.raises(ValueError, match="rows of 0"):
        RowTrace(3, 0, 1, (3,))


@pytest.mark.parametrize("size", [640, 641, 700])
def test_a_reach_a_row_too_far_is_found(size: int) -> None:
    """The planner believes the overlap; the proof follows the rows."""
    trace = windowed(20, 20, 3, 1, 1, input_row_bytes=size // 20, output_row_bytes=size // 20)
    tensors = tuple(Tensor(f"t{i}", (trace.input_bytes,), "int8") for i in range(3))
    far = reach(trace) + 4

    nodes = (Node("OP", (0,), (1,)), Node("OP", (1,), (2,)))

    def steps(allowed: int) -> list[Step]:
        lap = Overlap(0, 1, allowed, trace)
        return [Step(nodes[0], (0,), (1,), overlaps=(lap,)), Step(nodes[1], (1,), (2,))]

    graph = Graph(tensors, nodes, (0,), (2,))
    plan = plan_memory(graph, steps(far - 4))
    verify_plan(graph, steps(far - 4), plan)
    start = plan.offsets[0]
    broken = dataclasses.replace(
        plan,
        offsets={0: start, 1: start + far // 4 * 4 + 4, 2: start + 3000},
        arena_bytes=start + 5000,
    )
    with pytest.raises(VerificationError, match="before it is read"):
        verify_plan(graph, steps(far + 4), broken)
