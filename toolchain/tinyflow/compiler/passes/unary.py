"""Operators of one int8 value as what they are: a function of 256 entries."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tinyflow.compiler.graph import Graph, Node, Quantization, Tensor
from tinyflow.compiler.ops import OPS
from tinyflow.compiler.ops.op import KernelCall
from tinyflow.compiler.passes.arithmetic import requantize_to_bounds
from tinyflow.compiler.quantmath import INT8_MAX, INT8_MIN

if TYPE_CHECKING:
    from numpy.typing import NDArray

VALUES = np.arange(INT8_MIN, INT8_MAX + 1, dtype=np.int64)


def _rescale(call: KernelCall) -> NDArray[np.int64]:
    params = dict(call.params)
    return requantize_to_bounds(
        VALUES + int(params["input_offset"]),
        params["multiplier"],
        params["shift"],
        *(int(params[name]) for name in ("output_offset", "activation_min", "activation_max")),
    )


def _lookup(call: KernelCall) -> NDArray[np.int64]:
    (values,) = (constant.data for constant in call.constants if constant.field == "table")
    return np.array(values, np.int64)


# How to read the function off a kernel call, by the kernel's name.
KERNELS: dict[str, Callable[[KernelCall], NDArray[np.int64]]] = {
    "tnf_lookup_s8": _lookup,
    "tnf_rescale_s8": _rescale,
}


def table(graph: Graph, node: Node) -> NDArray[np.int64] | None:
    """The output value for every input value -128 to 127, int64 [256], not to be changed.

    None where the node is no such function or its kernel is not known here.
    """
    if node.op not in UNARY or node.op not in OPS:
        return None
    source, output = graph.activation(node, 0), graph.output(node)
    if source.dtype != "int8" or output.dtype != "int8":
        return None
    return _table_of(
        node.op, source.quantization, output.quantization, tuple(sorted(node.options.items()))
    )


@functools.lru_cache(maxsize=512)
def _table_of(
    op: str,
    source: Quantization | None,
    output: Quantization | None,
    options: tuple[tuple[str, Any], ...],
) -> NDArray[np.int64] | None:
    """The table of an operator, which its scales and options decide."""
    tensors = tuple(Tensor("", (1,), "int8", found) for found in (source, output))
    node = Node(op, (0,), (1,), dict(options))
    calls = OPS[op].lower(Graph(tensors, (node,), (0,), (1,)), node)
    read = KERNELS.get(calls[0].function) if len(calls) == 1 else None
    if read is None:
        return None
    values = read(calls[0])
    values.flags.writeable = False
    return values


def look_up(function: NDArray[np.int64], values: NDArray[np.int64]) -> NDArray[np.int64]:
    """The function's outputs for int8 `values`."""
    return function[values - INT8_MIN]


# Operators that compute each value from one value of the input.
UNARY = frozenset(
    {"ABS", "ELU", "HARD_SWISH", "LEAKY_RELU", "LOGISTIC", "NEG", "QUANTIZE", "RELU", "RELU6"}
    | {"RELU_N1_TO_1", "RSQRT", "TANH"}
)
