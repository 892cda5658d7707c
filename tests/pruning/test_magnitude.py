"""Magnitude pruning: the schedule and the masks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyflow.errors import ModelError
from tinyflow.pruning import magnitude


@given(
    amount=st.floats(0.01, 0.99),
    epochs=st.integers(1, 50),
    samples=st.integers(1, 5000),
    batch_size=st.integers(1, 200),
)
def test_the_share_grows_to_the_amount(
    amount: float, epochs: int, samples: int, batch_size: int
) -> None:
    schedule = magnitude.Schedule(amount, epochs, samples, batch_size)
    shares = [schedule.share(step) for step in range(schedule.ramp_steps + 2)]
    assert shares[0] == 0.0
    assert shares == sorted(shares)
    assert shares[-1] == shares[schedule.ramp_steps] == pytest.approx(amount)
    assert schedule.updates(schedule.ramp_steps)
    assert not schedule.updates(schedule.ramp_steps + 1)
    assert 0 <= schedule.first_full_epoch < epochs
    assert schedule.ramp_steps <= (schedule.first_full_epoch + 1) * schedule.steps_per_epoch


def test_the_schedule_is_cubic() -> None:
    schedule = magnitude.Schedule(0.8, 10, 100, 10)
    assert schedule.ramp_steps == 60
    assert schedule.share(30) == pytest.approx(0.8 * (1 - 0.5**3))


@given(
    shape=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    share=st.floats(0, 1),
    seed=st.integers(0, 99),
)
def test_the_smallest_go(shape: tuple[int, int], share: float, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=shape)
    keep = magnitude.mask(values, share)
    assert keep.shape == shape
    assert abs((~keep).sum() - values.size * share) <= 0.5
    if keep.any() and not keep.all():
        assert np.abs(values[~keep]).max() <= np.abs(values[keep]).min()


def test_no_kernel() -> None:
    with pytest.raises(ModelError, match="no kernel"):
        magnitude.callback([], magnitude.Schedule(0.5, 1, 1, 1))
