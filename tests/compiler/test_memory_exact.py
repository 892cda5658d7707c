"""The exact search against every placement there is, on problems small enough to try them all."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tinyflow.compiler.memory.exact import Budget, fit
from tinyflow.compiler.memory.greedy import first_fit, orders
from tinyflow.compiler.memory.problem import Apart, Problem
from tinyflow.compiler.memory.solve import place


def random_problem(seed: int, count: int, most_bytes: int, span: int = 4) -> Problem:
    """Buffers that live for up to `span` moments; some pairs may overlap in part, some have a hole
    between two forbidden distances.
    """
    chance = random.Random(seed)
    sizes = tuple(chance.randint(1, most_bytes) for _ in range(count))
    last = [i + chance.randint(1, span) for i in range(count)]
    aparts = []
    for a in range(count):
        for b in range(a + 1, min(last[a], count - 1) + 1):
            low, high = -sizes[b], sizes[a]
            if chance.random() < 0.3:
                low = chance.randint(low, high)
            if chance.random() < 0.1 and high - low > 3:
                hole = chance.randint(low + 1, high - 1)
                aparts.append(Apart(a, b, low, hole))
                low = hole
            aparts.append(Apart(a, b, low, high))
    return Problem(sizes, tuple(aparts))


def least_extent(problem: Problem) -> int:
    """By trying every offset of every buffer."""

    def placed(offsets: list[int], total: int) -> bool:
        buffer = len(offsets)
        if buffer == len(problem.sizes):
            return True
        for offset in range(total - problem.sizes[buffer] + 1):
            if all(
                other >= buffer or not low < offset - offsets[other] < high
                for other, low, high in problem.neighbours[buffer]
            ) and placed([*offsets, offset], total):
                return True
        return False

    total = max(problem.sizes)
    while not placed([], total):
        total += 1
    return total


@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.integers(0, 2**32), st.integers(1, 6))
def test_the_minimum_is_what_trying_everything_finds(seed: int, count: int) -> None:
    problem = random_problem(seed, count, 6)
    placement = place(problem)
    assert placement.proved
    assert problem.allows(placement.offsets)
    assert placement.extent == problem.extent(placement.offsets) == least_extent(problem)
    assert problem.lower_bound <= placement.extent


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_a_byte_less_than_the_minimum_does_not_fit(seed: int) -> None:
    problem = random_problem(seed, 5, 6)
    least = least_extent(problem)
    assert fit(problem, least - 1, Budget(10**8)) is None
    found = fit(problem, least, Budget(10**8))
    assert found is not None
    assert problem.allows(found)
    assert problem.extent(found) <= least


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 2**32), st.sampled_from([12, 20, 40]))
def test_no_placement_is_worse_than_greedy_by_size(seed: int, count: int) -> None:
    problem = random_problem(seed, count, 2000)
    placement = place(problem, Budget(2_000_000))
    assert problem.allows(placement.offsets)
    assert placement.extent <= problem.extent(first_fit(problem, orders(problem)[0]))


def test_twenty_five_buffers_are_proved() -> None:
    proved = [place(random_problem(seed, 25, 2000, 5)).proved for seed in range(12)]
    assert all(proved)


def test_a_search_without_a_budget_still_places() -> None:
    problem = random_problem(3, 30, 2000, 12)
    placement = place(problem, Budget(0))
    assert problem.allows(placement.offsets)
    assert placement.extent >= place(problem).extent


def test_alike_buffers_are_told_apart_once() -> None:
    """Eleven buffers of one size that all meet: without symmetry, 11! orders."""
    sizes = (*[7] * 11, 3)
    aparts = tuple(Apart(a, b, -sizes[b], sizes[a]) for b in range(12) for a in range(b))
    budget = Budget(3_000_000)
    assert fit(Problem(sizes, aparts), 79, budget) is None
    assert fit(Problem(sizes, aparts), 80, budget) is not None
