"""Placement buffer by buffer, each at the lowest offset that is left.

By size, largest first, is the usual heuristic (Pisarchyk and Lee, 2020, arXiv 2001.03288). Where
it misses the lower bound, other orders and a local search over orders are tried.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from tinyflow.compiler.memory.problem import Problem


def lowest(problem: Problem, offsets: Sequence[int], buffer: int, placed: Sequence[bool]) -> int:
    """The lowest offset for `buffer` that keeps every demand with the placed buffers."""
    taken = sorted(
        (offsets[other] + low, offsets[other] + high)
        for other, low, high in problem.neighbours[buffer]
        if placed[other] and high > low
    )
    offset = 0
    for low, high in taken:
        if offset <= low:
            break
        offset = max(offset, high)
    return offset


def first_fit(
    problem: Problem, order: Iterable[int], start: Sequence[int | None] | None = None
) -> list[int]:
    """Offsets of all buffers, placed in `order` after those that `start` gives an offset."""
    given = start if start is not None else [None] * len(problem.sizes)
    offsets = [offset or 0 for offset in given]
    placed = [offset is not None for offset in given]
    for buffer in order:
        offsets[buffer] = lowest(problem, offsets, buffer, placed)
        placed[buffer] = True
    return offsets


def orders(problem: Problem) -> list[list[int]]:
    """Orders worth a try, the usual one first: by size, by demands, by both, as they come."""
    everyone = range(len(problem.sizes))
    degree = [sum(high - low for _, low, high in near) for near in problem.neighbours]
    size = problem.sizes
    return [
        sorted(everyone, key=lambda v: (-size[v], v)),
        sorted(everyone, key=lambda v: (-degree[v], -size[v], v)),
        sorted(everyone, key=lambda v: (-size[v] * degree[v], v)),
        list(everyone),
        list(reversed(everyone)),
    ]


def best_of_orders(problem: Problem) -> tuple[list[int], list[int]]:
    """The offsets of the best of `orders`, and that order."""
    best: tuple[list[int], list[int]] | None = None
    for order in orders(problem):
        offsets = first_fit(problem, order)
        if best is None or problem.extent(offsets) < problem.extent(best[0]):
            best = (offsets, order)
        if problem.extent(best[0]) <= problem.lower_bound:
            break
    return best if best is not None else ([], [])


def local_search(
    problem: Problem, offsets: list[int], order: Sequence[int], trials: int
) -> list[int]:
    """Better offsets, where swaps in `order` find some within `trials` placements."""
    chance = random.Random(0)  # noqa: S311 - a fixed seed: the same model, the same plan
    kept, best, extent = list(order), offsets, problem.extent(offsets)
    if len(kept) < 2:
        return best
    for _ in range(trials):
        if extent <= problem.lower_bound:
            break
        trial = list(kept)
        for _ in range(chance.choice((1, 1, 2, 3))):
            a, b = chance.sample(range(len(trial)), 2)
            trial[a], trial[b] = trial[b], trial[a]
        placed = first_fit(problem, trial)
        total = problem.extent(placed)
        if total <= extent:
            kept, best, extent = trial, placed, total
    return best
