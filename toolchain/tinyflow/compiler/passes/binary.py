"""int8 operators of two tensors, value by value, from the parameters of their kernels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import OPS
from tinyflow.compiler.ops.broadcast import Binary
from tinyflow.compiler.passes.arithmetic import (
    requantize,
    requantize_to_bounds,
    requantized_range,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

Numbers = Mapping[str, int]


def _sum(p: Numbers, first: Integers, second: Integers) -> Integers:
    scaled = [
        requantize(
            (values + p[f"{name}_offset"]) << p["left_shift"],
            p[f"{name}_multiplier"],
            p[f"{name}_shift"],
        )
        for name, values in (("input1", first), ("input2", second))
    ]
    return scaled[0] + scaled[1]


def _product(p: Numbers, first: Integers, second: Integers) -> Integers:
    return (first + p["input1_offset"]) * (second + p["input2_offset"])


# Each is monotonic in either operand, and ends with a requantisation of these names.
ACCUMULATORS: Mapping[str, tuple[Callable[[Numbers, Integers, Integers], Integers], str]] = {
    "ADD": (_sum, "output_"),
    "MUL": (_product, ""),
    "SUB": (_sum, "output_"),
}
SELECTIONS = {"MAXIMUM": np.maximum, "MINIMUM": np.minimum}
KNOWN = frozenset({*ACCUMULATORS, *SELECTIONS})


def _numbers(graph: Graph, node: Node) -> Numbers:
    op = OPS[node.op]
    if not isinstance(op, Binary):
        raise TypeError(f"{node.op} has not two operands")
    return {name: int(value) for name, value in op.numbers(graph, node, (0, 1))}


def _ending(p: Numbers, prefix: str) -> tuple[int, int, int, int, int]:
    names = (f"{prefix}multiplier", f"{prefix}shift", "output_offset")
    multiplier, shift, offset = (p[name] for name in names)
    return multiplier, shift, offset, p["activation_min"], p["activation_max"]


def compute(graph: Graph, node: Node, first: Integers, second: Integers) -> Integers:
    """The outputs for values of both inputs, which are broadcast."""
    if node.op in SELECTIONS:
        chosen: Integers = SELECTIONS[node.op](first, second)
        return chosen
    p = _numbers(graph, node)
    accumulate, prefix = ACCUMULATORS[node.op]
    return requantize_to_bounds(accumulate(p, first, second), *_ending(p, prefix))


def compute_range(
    graph: Graph,
    node: Node,
    first: tuple[Integers, Integers],
    second: tuple[Integers, Integers],
) -> tuple[Integers, Integers]:
    """The least and the greatest output for inputs from the first to the second of each pair."""
    if node.op in SELECTIONS:
        choose = SELECTIONS[node.op]
        return choose(first[0], second[0]), choose(first[1], second[1])
    p = _numbers(graph, node)
    accumulate, prefix = ACCUMULATORS[node.op]
    corners = [accumulate(p, a, b) for a in first for b in second]
    least, most = np.minimum.reduce(corners), np.maximum.reduce(corners)
    return requantized_range(least, most, *_ending(p, prefix))
