"""Two values in a word, so that one product of words is two: what packers of such kernels share.

A word is the first value plus 65536 times the second. Products with one weight are added up in a
word as long as the first sum stays in 16 bits: a group of weights may come to 255, signs left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tinyflow.compiler.ops.op import Constant
from tinyflow.compiler.packing.requantization import search

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tinyflow.compiler.packing.weighted import Weighted

LARGEST_GROUP = 255
"""Of weights, signs left out: times -128 it still has 16 bits with a sign."""
NO_EXPONENT = -1


def groups(weights: NDArray[np.int64], most: int) -> list[int]:
    """How many weights each group takes, in order: at most `most`.

    `weights` are [channels, values]; a group keeps the bound in every channel.
    """
    lengths: list[int] = []
    sums = np.zeros(len(weights), np.int64)
    length = 0
    for column in np.abs(weights).T:
        if length == most or (length and np.any(sums + column > LARGEST_GROUP)):
            lengths.append(length)
            sums, length = np.zeros(len(weights), np.int64), 0
        sums = sums + column
        length += 1
    return [*lengths, length]


@dataclass(frozen=True)
class Factors:
    """What kernels make outputs with: `exponent` and [channels][3] words, see tnf_pairs.h."""

    exponent: int
    words: NDArray[np.int32]


def factors(layer: Weighted, *, bits: int = 32, more: int = 0) -> Factors:
    """The short requantisation where there is one and the sums have `bits`, else the exact one.

    Sums are of values that are `more` than they are.
    """
    folded = layer.folded - more * layer.flat.sum(1)
    short = search(layer)
    limit = 1 << (bits - 1)
    if short is not None:
        start = folded + np.array(short.kappa)
        kappa = np.array(short.kappa)
        if np.all(layer.low + kappa >= -limit) and np.all(layer.high + kappa < limit):
            columns = (start, np.array(short.multiplier), np.array(short.constant))
            return Factors(short.exponent, _words(columns))
    return Factors(NO_EXPONENT, _words((folded, layer.multiplier, layer.shift)))


def _words(columns: tuple[NDArray[np.int64], ...]) -> NDArray[np.int32]:
    return np.stack(columns, 1).astype(np.int64).astype(np.int32)


def factor_constant(found: Factors) -> Constant:
    """The constant `factors` of kernel calls."""
    return Constant("factors", "int32_t", found.words)


def weight_bytes(values: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Weights as the bytes of a stream."""
    return values.astype(np.int8).view(np.uint8)
