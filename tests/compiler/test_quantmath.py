"""The integer arithmetic against exact fractions, and the C against the Python."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from kernel_server import KernelServer

from tinyflow.compiler import quantmath
from tinyflow.compiler.graph import Graph, Tensor
from tinyflow.compiler.ops.op import Constant, KernelCall
from tinyflow.compiler.quantmath import INT32_MAX, INT32_MIN, Multiplier

INT32 = st.integers(INT32_MIN, INT32_MAX)
POSITIVE = st.floats(1e-12, 1e9)
SETTINGS = settings(derandomize=True, deadline=None, max_examples=500)


def half_away(value: Fraction) -> int:
    whole = math.floor(abs(value) + Fraction(1, 2))
    return whole if value >= 0 else -whole


@SETTINGS
@given(POSITIVE)
@example(1.0)
@example(1.0 - 2**-53)
@example(0.5 - 2**-40)
@example(2.0**-32)
@example(2.0**-33)
def test_a_multiplier_is_the_real_number_to_31_bits(real: float) -> None:
    found = quantmath.quantize_multiplier(real)
    if found == Multiplier(0, 0):
        assert real < 2**-32
        return
    assert 2**30 <= found.value < 2**31 and found.shift >= -31
    step = Fraction(2) ** (found.shift - 31)
    assert abs(found.value * step - Fraction(real)) <= step / 2


def test_multipliers_at_the_edges() -> None:
    assert quantmath.quantize_multiplier(0.0) == Multiplier(0, 0)
    assert quantmath.quantize_multiplier(1.0) == Multiplier(2**30, 1)
    assert quantmath.quantize_multiplier(2.0**-32) == Multiplier(2**30, -31)
    assert quantmath.quantize_multiplier(2.0**-33) == Multiplier(0, 0)
    # A fraction that rounds up to 1 moves into the exponent.
    assert quantmath.quantize_multiplier(1.0 - 2**-40) == Multiplier(2**30, 1)


@SETTINGS
@given(INT32, st.integers(0, 31))
def test_division_by_a_power_of_two_rounds_halves_away(value: int, exponent: int) -> None:
    found = quantmath.rounding_divide_by_power_of_two(value, exponent)
    assert found == half_away(Fraction(value, 2**exponent))


@SETTINGS
@given(INT32, INT32)
@example(INT32_MIN, INT32_MIN)
@example(-1, 2**30)
@example(1, 2**30)
def test_the_high_product_rounds_halves_up(a: int, b: int) -> None:
    exact = math.floor(Fraction(a * b, 2**31) + Fraction(1, 2))
    found = quantmath.saturating_rounding_doubling_high_mul(a, b)
    assert found == min(exact, INT32_MAX)


@SETTINGS
@given(INT32, st.floats(1e-9, 1.0))
def test_requantising_is_within_one_of_the_exact_product(value: int, real: float) -> None:
    multiplier = quantmath.quantize_multiplier(real)
    exact = Fraction(value) * multiplier.value * Fraction(2) ** (multiplier.shift - 31)
    assume(multiplier.shift <= 0)
    assert abs(quantmath.requantize(value, multiplier) - exact) <= 1


@pytest.mark.parametrize(
    ("activation", "scale", "zero_point", "expected"),
    [
        ("NONE", 0.1, 5, (-128, 127)),
        ("RELU", 0.1, -128, (-128, 127)),
        ("RELU", 0.1, 5, (5, 127)),
        ("RELU6", 0.1, -20, (-20, 40)),
        ("RELU6", 0.001, -20, (-20, 127)),
        ("RELU6", 4.0, 0, (0, 2)),  # 1.5 rounds away from zero
        ("RELU_N1_TO_1", 0.4, 0, (-3, 3)),  # 2.5 in float32
    ],
)
def test_activation_ranges(
    activation: str, scale: float, zero_point: int, expected: tuple[int, int]
) -> None:
    scale = quantmath.float32(scale)
    assert quantmath.activation_range(activation, scale, zero_point) == expected


def test_the_fully_connected_factor_is_rounded_to_float32_and_that_of_convolutions_is_not() -> None:
    first, second = quantmath.float32(0.1), quantmath.float32(0.3)
    assert quantmath.convolution_scales(first, [second], 1.0) == (first * second,)
    assert quantmath.fully_connected_scale(first, second, 1.0) != first * second
    assert quantmath.fully_connected_scale(first, second, 1.0) == float(
        np.float32(first) * np.float32(second)
    )


@pytest.mark.parametrize(
    ("scale", "exponent"),
    [
        *((0.125, -3), (1.0, 0), (2.0**-20, -20), (1 / 32767, -15), (0.1, None), (0.12, None)),
        # Where the reference interpreter draws the line, to the last float32.
        *((0.12508666515350342, -3), (0.1250866800546646, None)),
        *((0.12491337954998016, -3), (0.12491337209939957, None)),
    ],
)
def test_scales_near_a_power_of_two_count_as_one(scale: float, exponent: int | None) -> None:
    assert quantmath.power_of_two(float(np.float32(scale))) == exponent


def test_a_sum_of_powers_of_two_is_shifted_where_one_has_the_output_scale() -> None:
    half = 2**30
    found = quantmath.power_of_two_sum(0.125, 2.0**-7, 0.125)
    assert found == quantmath.SumConstants(
        1, (Multiplier(half, 0), Multiplier(half, -4)), Multiplier(half, 1)
    )
    assert [quantmath.requantize(value << 1, found.inputs[1]) for value in (8, -8, 7, -9)] == [
        *(1, -1, 0, -1)
    ]
    for scales in ((0.125, 0.125, 0.25), (0.25, 0.125, 0.125), (0.1, 0.125, 0.125)):
        assert quantmath.power_of_two_sum(*scales) is None


def test_the_factor_of_a_product_is_rounded_to_float32_twice() -> None:
    first, second, output = (float(np.float32(scale)) for scale in (0.1, 0.3, 0.7))
    found = quantmath.product_scale(first, second, output)
    assert found == float(np.float32(found)) != first * second / output
    assert found == pytest.approx(first * second / output, rel=1e-6)


def test_softmax_constants() -> None:
    found = quantmath.softmax_constants(1.0, quantmath.float32(1 / 16))
    # 1/16 as Q5.26 is 2^22, which is 2^30 * 2^(23 - 31); 31 / (1/16) differences fit.
    assert found.multiplier == Multiplier(2**30, 23)
    assert found.diff_min == -248


def test_the_kernels_requantise_as_python_does(kernels: KernelServer) -> None:
    """Any accumulator: a layer with weights of zero outputs its requantised biases."""
    rng = np.random.default_rng(0)
    count = 20000
    shifts = rng.integers(-31, 31, count)
    # Accumulators of every magnitude, and multipliers that bring them near int8.
    biases = (rng.integers(INT32_MIN, INT32_MAX, count) >> rng.integers(0, 31, count)).tolist()
    biases[:4] = [INT32_MIN, INT32_MAX, 0, -1]
    near = [min(30, max(-31, 8 - abs(bias).bit_length())) for bias in biases]
    shifts = np.where(rng.random(count) < 0.8, near, shifts)
    multipliers = rng.integers(2**30, 2**31, count)
    multipliers[::7] = 2**30
    offset = -3
    call = KernelCall(
        function="tnf_fully_connected_s8",
        header="tnf_conv.h",
        kernels=("fully_connected_s8",),
        params_type="tnf_fully_connected_t",
        params=(
            *(("rows", 1), ("input_depth", 1), ("output_depth", count), ("input_offset", 0)),
            *(("output_offset", offset), ("activation_min", -128), ("activation_max", 127)),
            ("scale_step", 1),
        ),
        constants=(
            Constant("weights", "int8_t", np.zeros(count, np.int8)),
            Constant("bias", "int32_t", np.array(biases, np.int32)),
            Constant("multiplier", "int32_t", multipliers.astype(np.int32)),
            Constant("shift", "int8_t", shifts.astype(np.int8)),
        ),
        inputs=(0,),
        outputs=(1,),
    )
    tensors = (Tensor("input", (1,), "int8"), Tensor("output", (count,), "int8"))
    values = {0: np.zeros(1, np.int8)}
    found = kernels.run_call(Graph(tensors, (), (0,), (1,)), call, values)[1]

    def expected(bias: int, multiplier: int, shift: int) -> int:
        value = quantmath.requantize(bias, Multiplier(multiplier, shift)) + offset
        wrapped = (value - INT32_MIN) % 2**32 + INT32_MIN
        return min(127, max(-128, wrapped))

    triples = zip(biases, multipliers.tolist(), shifts.tolist(), strict=True)
    wanted = np.array([expected(*triple) for triple in triples], np.int8)
    np.testing.assert_array_equal(found, wanted)
    assert len(np.unique(found)) > 200
