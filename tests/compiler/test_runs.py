"""Numbered bytes as runs: the same as an array with every number."""

from __future__ import annotations

import random

import numpy as np
import pytest
from numpy.typing import NDArray

from tinyflow.compiler.memory.rows import RowTrace, reach
from tinyflow.compiler.replay import _any_row
from tinyflow.compiler.runs import Runs

SIZE = 24


def numbers(runs: Runs) -> NDArray[np.int64]:
    found = [runs.part(at, at + 1) for at in range(runs.size)]
    return np.array([next(n for n in range(1000) if not one.differences(Runs(1, n)))
                     for one in found])  # fmt: skip


@pytest.mark.parametrize("seed", range(60))
def test_runs_are_the_numbers_of_an_array(seed: int) -> None:
    chance = random.Random(seed)
    runs, array = Runs(SIZE, 0), np.arange(SIZE)
    other = Runs(SIZE, chance.choice((0, 3, 100)))
    for _ in range(12):
        start, to = sorted(chance.choices(range(SIZE + 1), k=2))
        size = to - start
        if chance.random() < 0.5:
            first = chance.choice((start, 200, 300))
            runs.put(start, Runs(size, first))
            array[start:to] = np.arange(first, first + size)
        else:
            source = chance.randrange(SIZE - size + 1)
            runs.put(start, runs.part(source, source + size))
            array[start:to] = array[source : source + size].copy()
        assert numbers(runs).tolist() == array.tolist()
        differing = np.zeros(SIZE, np.bool_)
        for low, high in runs.differences(other):
            assert low < high and not differing[low:high].any()
            differing[low:high] = True
        assert differing.tolist() == (array != numbers(other)).tolist()


@pytest.mark.parametrize("seed", range(40))
def test_lines_are_below_0_in_some_row(seed: int) -> None:
    chance = random.Random(seed)
    rows = range(chance.randrange(5), chance.randrange(12))
    lines = [(chance.randint(-3, 3), chance.randint(-9, 9)) for _ in range(3)]
    wanted = any(all(slope * row + offset < 0 for slope, offset in lines) for row in rows)
    assert _any_row(rows, *lines) == wanted


@pytest.mark.parametrize("seed", range(40))
def test_even_rows_reach_as_far_as_the_same_rows_one_by_one(seed: int) -> None:
    chance = random.Random(seed)
    step, start, count = chance.randint(1, 3), chance.randrange(4), chance.randint(1, 9)
    rows = range(start, start + step * count, step)
    height = rows[-1] + chance.randrange(5)
    sizes = chance.randint(1, 9), chance.randint(1, 9)
    assert reach(RowTrace(height, *sizes, rows)) == reach(RowTrace(height, *sizes, tuple(rows)))
    with pytest.raises(ValueError, match="consumed rows"):
        RowTrace(rows[-1] - 1, *sizes, rows)
