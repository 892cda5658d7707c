"""The arithmetic of passes over arrays and ranges against that of single values."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyflow.compiler.passes.arithmetic import requantize, requantized_range, wrap_32
from tinyflow.compiler.quantmath import INT32_MAX, INT32_MIN, Multiplier
from tinyflow.compiler.quantmath import requantize as requantize_one

WIDTH = 40
MULTIPLIERS = st.one_of(st.just(0), st.integers(1 << 30, INT32_MAX))
SHIFTS = st.one_of(st.integers(-31, 30), st.integers(-8, 8))
ACCUMULATORS = st.one_of(
    st.integers(INT32_MIN, INT32_MAX - WIDTH),
    st.integers(-3000, 3000),
    st.integers(0, 31).map(lambda bits: (1 << bits) - 20),
    st.integers(0, 31).map(lambda bits: -(1 << bits)),
).map(lambda value: min(value, INT32_MAX - WIDTH))


@settings(derandomize=True, deadline=None, max_examples=400)
@given(ACCUMULATORS, MULTIPLIERS, SHIFTS)
def test_arrays_are_requantized_as_single_values(first: int, multiplier: int, shift: int) -> None:
    values = np.arange(first, first + WIDTH)
    expected = [requantize_one(int(value), Multiplier(multiplier, shift)) for value in values]
    assert requantize(values, multiplier, shift).tolist() == expected
    several = requantize(values, np.full(WIDTH, multiplier), np.full(WIDTH, shift))
    assert several.tolist() == expected


@settings(derandomize=True, deadline=None, max_examples=400)
@given(ACCUMULATORS, MULTIPLIERS, SHIFTS, st.integers(-128, 127))
def test_a_range_holds_every_result_in_it(
    first: int, multiplier: int, shift: int, offset: int
) -> None:
    """Also where the left shift or the offset wraps; and it is tight where neither does."""
    values = np.arange(first, first + WIDTH)
    scaled = requantize(values, multiplier, shift)
    results = np.clip(wrap_32(scaled + offset), -128, 127)
    ends = values[:1], values[-1:]
    low, high = requantized_range(*ends, multiplier, shift, offset, -128, 127)
    assert low[0] <= results.min() and results.max() <= high[0]
    shifted = values << max(shift, 0)
    within = [int(found) for found in (*shifted[[0, -1]], *(scaled + offset)[[0, -1]])]
    if all(INT32_MIN <= found <= INT32_MAX for found in within):
        assert (low[0], high[0]) == (results.min(), results.max())
