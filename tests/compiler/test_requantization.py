"""Short requantisations are exact wherever the search finds one."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from network import Network

from tinyflow.compiler.graph import Quantization
from tinyflow.compiler.packing.requantization import ShortForm, requantized, search
from tinyflow.compiler.packing.weighted import Weighted, weighted
from tinyflow.compiler.quantmath import quantize_multiplier
from tinyflow.compiler.steps import lower


def layer(
    depth: int, factors: list[float], seed: int, bounds: tuple[int, int], zero_point: int
) -> Weighted:
    """A fully connected layer with random weights and the factors given, one per output."""
    rng = np.random.default_rng(seed)
    net = Network((1, depth))
    matrix, bias = net.weights((len(factors), depth), 0, 0)
    net.node("FULLY_CONNECTED", (0, matrix, bias), (1, len(factors)), Quantization((0.1,), (0,)))
    graph = net.graph()
    (step,) = lower(graph)
    plain = weighted(graph, step)
    assert plain is not None
    pairs = [quantize_multiplier(factor) for factor in factors]
    return Weighted(
        **{
            **vars(plain),
            "weights": rng.integers(-127, 128, plain.weights.shape),
            "bias": rng.integers(-3000, 3000, len(factors)),
            "multiplier": np.array([pair.value for pair in pairs]),
            "shift": np.array([pair.shift for pair in pairs]),
            "output_offset": zero_point,
            "activation_min": bounds[0],
            "activation_max": bounds[1],
        }
    )


def difference(found: Weighted, short: ShortForm) -> int:
    """How many sums give another output by the short form, of the steps' edges and random ones."""
    wrong = 0
    for channel in range(found.output_channels):
        low, high = int(found.low[channel]), int(found.high[channel])
        sums = np.random.default_rng(channel).integers(low, high + 1, 20_000)
        sums = np.concatenate([sums, [low, high], np.arange(low, min(high, low + 2000))])
        wrong += int((short.apply(sums, channel) != requantized(found, sums, channel)).sum())
    return wrong


@settings(max_examples=60, deadline=None)
@given(
    depth=st.integers(1, 300),
    factors=st.lists(st.floats(2e-5, 0.4), min_size=1, max_size=4),
    seed=st.integers(0, 1 << 30),
    bounds=st.sampled_from([(-128, 127), (-128, 60), (-3, 127), (0, 0)]),
    zero_point=st.sampled_from([-128, -3, 0, 127]),
)
def test_what_is_found_is_exact(
    depth: int, factors: list[float], seed: int, bounds: tuple[int, int], zero_point: int
) -> None:
    made = layer(depth, factors, seed, bounds, zero_point)
    short = search(made)
    if short is not None:
        assert difference(made, short) == 0
        assert all(0 < multiplier < 1 << 31 for multiplier in short.multiplier)


def test_a_clamp_at_the_zero_point_is_found() -> None:
    made = layer(64, [0.001 * 1.3**i for i in range(12)], 3, (-128, 127), -128)
    short = search(made)
    assert short is not None and difference(made, short) == 0


def test_a_clamp_within_int8_that_sums_reach_has_no_short_form() -> None:
    assert search(layer(64, [0.01], 3, (-100, 127), -128)) is None


def test_a_clamp_that_no_sum_reaches_does_not_matter() -> None:
    made = layer(1, [0.0001], 3, (-100, 100), 0)
    short = search(made)
    assert short is not None and difference(made, short) == 0


def test_a_factor_of_a_half_has_none() -> None:
    assert search(layer(8, [0.01, 0.5], 3, (-128, 127), -128)) is None


def test_single_channels_can_be_asked_for() -> None:
    made = layer(32, [0.7, 0.003], 5, (-128, 127), -128)
    short = search(made, channels=[1])
    assert short is not None and len(short.kappa) == 1
