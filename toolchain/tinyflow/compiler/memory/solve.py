"""The least arena for a placement problem, and whether it is proved to be the least."""

from __future__ import annotations

from dataclasses import dataclass

from tinyflow.compiler.memory.exact import Budget, OutOfBudget, fit
from tinyflow.compiler.memory.greedy import best_of_orders, local_search
from tinyflow.compiler.memory.problem import Problem

WORK = 40_000_000
"""Elementary operations of an exact search: about a second."""
TRIALS = 150
TRIED_DEMANDS = 600_000
"""Of all placements that the local search tries together."""


@dataclass(frozen=True)
class Placement:
    """Offsets by buffer, where the last ends, and whether no placement ends earlier."""

    offsets: tuple[int, ...]
    extent: int
    proved: bool


def place(problem: Problem, budget: Budget | None = None) -> Placement:
    """The best placement found, never worse than greedy by size.

    `budget` bounds the search for the exact minimum; without one it is WORK.
    """
    budget = budget if budget is not None else Budget(WORK)
    unit = problem.unit
    scaled = problem.scaled(unit)
    offsets, order = best_of_orders(scaled)
    bound = scaled.lower_bound
    proved = scaled.extent(offsets) <= bound
    if not proved:
        found = _try(scaled, bound, budget, budget.left // 4)
        offsets = found if isinstance(found, list) else offsets
    if not proved and scaled.extent(offsets) > bound:
        offsets = local_search(scaled, offsets, order, _trials(scaled))
        offsets, proved = _tighten(scaled, offsets, bound, budget)
    extent = scaled.extent(offsets)
    return Placement(
        tuple(offset * unit for offset in offsets), extent * unit, proved or extent <= bound
    )


def _trials(problem: Problem) -> int:
    return min(TRIALS, TRIED_DEMANDS // (1 + len(problem.aparts)))


def _tighten(
    problem: Problem, offsets: list[int], bound: int, budget: Budget
) -> tuple[list[int], bool]:
    """The best offsets that the exact search finds, and whether they are proved to be the least.

    It asks for a little less than the best, which is all the proof that most problems need; where
    there is less, for the middle between that and the bound.
    """
    low, high, aim = bound, problem.extent(offsets), problem.extent(offsets) - 1
    while low < high:
        found = _try(problem, aim, budget, budget.left)
        if found is None:
            return offsets, False
        if isinstance(found, list):
            offsets, high = found, problem.extent(found)
            aim = (low + high) // 2 if aim > low else high - 1
        else:
            low, aim = aim + 1, high - 1
    return offsets, True


def _try(problem: Problem, total: int, budget: Budget, most: int) -> list[int] | bool | None:
    """Offsets within `total`, False where there are none, None where `most` work was not enough."""
    for rule, share in (("most", most // 16), ("least", most // 16), ("both", most)):
        granted = budget.part(share)
        try:
            return fit(problem, total, granted, rule) or False
        except OutOfBudget:
            pass
        finally:
            budget.left += max(0, granted.left)
    return None
