"""The offline verified search for sums of two int8 tensors as one linear form.

ADD scales either input, rounds twice, adds, and rounds twice again. Its result is a staircase over
the plane of both inputs, and so is

    clamp((constant + input1 * multiplier1 + input2 * multiplier2) >> shift).

ADD rounds halves away from zero. Where many sums are halves, as with scales that are powers of two,
a form does so too: of its sum, which is then from zero, 1 is taken where it is negative, before
`halves` is added, half a step with the output's zero point.

All 65,536 pairs are compared, so a form that is found needs no proof.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

INT8 = np.arange(-128, 128, dtype=np.int64)
LIMIT = 1 << 31
SHIFTS_TRIED = 6
NEAR = (0, 1, -1, 2, -2, 3, -3)
NEAR_A_STEP = 2.0**-10
"""How far from a step a pair of inputs may be that decides which forms are right."""


@dataclass(frozen=True)
class LinearForm:
    """The constants; sums of products and the constants stay in 32 bits, in any order.

    `away` is -1 where 1 is taken from negative sums, else 0, and then `halves` is 0 as well.
    """

    multiplier1: int
    multiplier2: int
    constant: int
    shift: int
    away: int = 0
    halves: int = 0


def requantized(value: NDArray[np.int64], multiplier: int, shift: int) -> NDArray[np.int64]:
    """Values times a factor, rounded twice as tnf_requantize does; the left shift wraps."""
    left, right = max(shift, 0), max(-shift, 0)
    shifted = ((value << left) + LIMIT) % (2 * LIMIT) - LIMIT
    high = (shifted * multiplier + (1 << 30)) >> 31
    mask = (1 << right) - 1
    quotient: NDArray[np.int64] = (high >> right) + ((high & mask) > (mask >> 1) + (high < 0))
    return quotient


def sums(params: Mapping[str, int]) -> NDArray[np.int64]:
    """What tnf_add_s8 makes of all pairs of inputs, [256, 256]."""
    first, second = (
        requantized(
            (INT8 + params[f"{name}_offset"]) << params["left_shift"],
            params[f"{name}_multiplier"],
            params[f"{name}_shift"],
        )
        for name in ("input1", "input2")
    )
    scaled = requantized(
        np.add.outer(first, second), params["output_multiplier"], params["output_shift"]
    )
    found: NDArray[np.int64] = np.clip(
        scaled + params["output_offset"], params["activation_min"], params["activation_max"]
    )
    return found


def linear_sum(params: Mapping[str, int]) -> LinearForm | None:
    """The linear form of an ADD or SUB; None where none is found."""
    whole = _factor(params["output_multiplier"], params["output_shift"] + params["left_shift"])
    factors = [
        _factor(params[f"{name}_multiplier"], params[f"{name}_shift"]) * whole
        for name in ("input1", "input2")
    ]
    wanted = sums(params)
    limits = params["activation_min"], params["activation_max"]
    reach = 256.0 * (abs(factors[0]) + abs(factors[1]) + 1.0)
    largest = min(30, int(np.floor(np.log2(LIMIT / reach))))
    critical = _critical(params, factors, wanted)
    shifts = range(largest, max(largest - SHIFTS_TRIED, 0), -1)
    for away, shift in itertools.product((0, -1), shifts):
        for near1, near2 in itertools.product(NEAR, NEAR):
            multipliers = (
                round(factors[0] * 2.0**shift) + near1,
                round(factors[1] * 2.0**shift) + near2,
            )
            values = multipliers[0] * INT8[:, np.newaxis] + multipliers[1] * INT8
            zero = 0
            if away:
                zero = sum(
                    multiplier * params[f"{name}_offset"]
                    for multiplier, name in zip(multipliers, ("input1", "input2"), strict=True)
                )
                values += zero
                values -= values < 0
            if _interval(values[critical], wanted[critical], shift, limits) is None:
                continue
            room = _interval(values, wanted, shift, limits)
            if room is None:
                continue
            constant = sum(room) // 2
            size = abs(zero) + abs(constant) + 128 * (abs(multipliers[0]) + abs(multipliers[1]))
            if size + 1 < LIMIT:
                found = (zero, shift, away, constant) if away else (constant, shift)
                return LinearForm(*multipliers, *found)
    return None


def _factor(multiplier: int, shift: int) -> float:
    return float(multiplier) * 2.0 ** (shift - 31)


def _critical(
    params: Mapping[str, int], factors: list[float], wanted: NDArray[np.int64]
) -> tuple[NDArray[np.int64], ...]:
    """The pairs next to a step: where these are right, most others are."""
    real = (
        factors[0] * (INT8 + params["input1_offset"])[:, np.newaxis]
        + factors[1] * (INT8 + params["input2_offset"])
        + params["output_offset"]
    )
    far = np.abs(real - np.floor(real) - 0.5) > NEAR_A_STEP
    near = np.clip(np.round(real), params["activation_min"], params["activation_max"])
    return np.nonzero(~far | (near != wanted))


def _interval(
    values: NDArray[np.int64], wanted: NDArray[np.int64], shift: int, limits: tuple[int, int]
) -> tuple[int, int] | None:
    """The least and the greatest constant that make the values the wanted ones."""
    below = (wanted << shift) - values
    above = ((wanted + 1) << shift) - 1 - values
    least = below[wanted > limits[0]].max(initial=-LIMIT)
    most = above[wanted < limits[1]].min(initial=LIMIT)
    return (int(least), int(most)) if least <= most else None
