"""int8 operators of two tensors, value by value, from the parameters of their kernel calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops import OPS
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


# By the parameter struct: what is accumulated, monotonic in either operand, and how the fields of
# the requantisation after it begin.
ACCUMULATORS: Mapping[str, tuple[Callable[[Numbers, Integers, Integers], Integers], str]] = {
    "tnf_add_t": (_sum, "output_"),
    "tnf_mul_t": (_product, ""),
}
SELECTIONS = {"MAXIMUM": np.maximum, "MINIMUM": np.minimum}
KNOWN = frozenset({"ADD", "MUL", "SUB", *SELECTIONS})


@dataclass(frozen=True)
class _Arithmetic:
    """What a node's kernel does with two values.

    `swaps` where the kernel's first operand is the node's second.
    """

    accumulate: Callable[[Numbers, Integers, Integers], Integers]
    numbers: Numbers
    prefix: str
    swaps: bool

    def accumulator(self, first: Integers, second: Integers) -> Integers:
        operands = (second, first) if self.swaps else (first, second)
        return self.accumulate(self.numbers, *operands)

    @property
    def ending(self) -> tuple[int, int, int, int, int]:
        p = self.numbers
        scale = p[f"{self.prefix}multiplier"], p[f"{self.prefix}shift"]
        return *scale, p["output_offset"], p["activation_min"], p["activation_max"]


def _arithmetic(graph: Graph, node: Node) -> _Arithmetic | None:
    (call,) = OPS[node.op].lower(graph, node)
    if call.params_type not in ACCUMULATORS or graph.output(node).dtype != "int8":
        return None
    accumulate, prefix = ACCUMULATORS[call.params_type]
    numbers = {name: int(value) for name, value in call.params}
    return _Arithmetic(accumulate, numbers, prefix, graph.activation(node, 0).data is not None)


def compute(graph: Graph, node: Node, first: Integers, second: Integers) -> Integers | None:
    """The outputs for values of both inputs, which are broadcast; None where they are not known."""
    if node.op in SELECTIONS:
        chosen: Integers = SELECTIONS[node.op](first, second)
        return chosen
    known = _arithmetic(graph, node)
    if known is None:
        return None
    return requantize_to_bounds(known.accumulator(first, second), *known.ending)


def compute_range(
    graph: Graph,
    node: Node,
    first: tuple[Integers, Integers],
    second: tuple[Integers, Integers],
) -> tuple[Integers, Integers] | None:
    """The least and the greatest output for inputs from the first to the second of each pair."""
    if node.op in SELECTIONS:
        choose = SELECTIONS[node.op]
        return choose(first[0], second[0]), choose(first[1], second[1])
    known = _arithmetic(graph, node)
    if known is None:
        return None
    corners = [known.accumulator(a, b) for a in first for b in second]
    least, most = np.minimum.reduce(corners), np.maximum.reduce(corners)
    return requantized_range(least, most, *known.ending)
