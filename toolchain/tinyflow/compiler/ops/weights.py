"""Constant weights and biases: their rules, their ranges, and their scales as multipliers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tinyflow.compiler.graph import Graph, Node, Tensor, array
from tinyflow.compiler.ops.op import Constant
from tinyflow.compiler.ops.rules import (
    activations,
    bounded_sizes,
    computed_input,
    multiplier_found,
    operands,
    quantization,
    scales,
    shape,
    usable_scales,
)
from tinyflow.compiler.quantmath import (
    INT8_MAX,
    INT8_MIN,
    INT32_MAX,
    INT32_MIN,
    convolution_scales,
    quantize_multiplier,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEIGHTS, BIAS = 1, 2


def constant_weights(graph: Graph, node: Node) -> str | None:
    """Weights are an int8 constant with positive scales and zero point 0."""
    weights = graph.activation(node, WEIGHTS)
    if weights.data is None:
        return f"{weights.name} is computed"
    if weights.dtype != "int8" or weights.data.dtype != np.int8:
        return f"{weights.name} is {weights.dtype}"
    found = weights.quantization
    if found is None or not found.scales or not usable_scales(found):
        return f"{weights.name} has {scales(weights)}"
    if any(found.zero_points):
        return f"zero point {next(z for z in found.zero_points if z)}"
    return None


def constant_bias(graph: Graph, node: Node) -> str | None:
    """The bias, if there is one, is an int32 constant with zero point 0."""
    bias = graph.input(node, BIAS)
    if bias is None:
        return None
    if bias.data is None:
        return f"{bias.name} is computed"
    if bias.dtype != "int32" or bias.data.dtype != np.int32:
        return f"{bias.name} is {bias.dtype}"
    if bias.quantization is not None and any(bias.quantization.zero_points):
        return f"zero point {next(z for z in bias.quantization.zero_points if z)}"
    return None


# What operators with weights ask of their operands before all else.
STRUCTURE = (
    operands(2, 3),
    bounded_sizes,
    activations(0),
    computed_input,
    constant_weights,
    constant_bias,
)


def unexpected_bias(graph: Graph, node: Node, channels: int) -> str | None:
    """What is found where the bias has not one value for each output channel."""
    bias = graph.input(node, BIAS)
    if bias is None or bias.elements == channels:
        return None
    return f"{shape(bias)} for {channels} channels"


def unexpected_scales(graph: Graph, node: Node, axis: int) -> str | None:
    """What is found where weight scales are neither one nor one per output channel."""
    weights = graph.activation(node, WEIGHTS)
    found = quantization(weights)
    if len(found.scales) == 1:
        return None
    if found.axis != axis:
        return f"{len(found.scales)} scales along axis {found.axis}"
    if len(found.scales) != weights.shape[axis]:
        return f"{len(found.scales)} scales for {weights.shape[axis]} channels"
    return None


def overflowing_accumulator(graph: Graph, node: Node, weights: NDArray[np.int64]) -> str | None:
    """What is found where some input can take an accumulator out of 32 bits.

    `weights` is [channels, values summed up]. A padded position adds nothing, which is what an
    input at its zero point adds; so these bounds hold for partial sums as well.
    """
    bias = graph.input(node, BIAS)
    start = np.zeros(len(weights), np.int64)
    if bias is not None:
        if bias.elements != len(weights):
            return None  # told by its own rule
        start = array(bias).reshape(-1).astype(np.int64)
    zero_point = quantization(graph.activation(node, 0)).zero_point
    positive = np.maximum(weights, 0).sum(1)
    negative = np.minimum(weights, 0).sum(1)
    low, high = INT8_MIN - zero_point, INT8_MAX - zero_point
    largest = np.maximum(start, 0) + positive * high + negative * low
    smallest = np.minimum(start, 0) + positive * low + negative * high
    if largest.max() > INT32_MAX:
        return f"{int(largest.max())} in channel {int(largest.argmax())}"
    if smallest.min() < INT32_MIN:
        return f"{int(smallest.min())} in channel {int(smallest.argmin())}"
    return None


def convolution_factors(graph: Graph, node: Node) -> tuple[float, ...]:
    """The real factor from accumulator to output, one or one per channel, in float64."""
    return convolution_scales(
        quantization(graph.activation(node, 0)).scale,
        quantization(graph.activation(node, WEIGHTS)).scales,
        quantization(graph.output(node)).scale,
    )


def large_factor(graph: Graph, node: Node) -> str | None:
    """Input scale times weight scale over output scale is under 2^30."""
    return multiplier_found(max(convolution_factors(graph, node)), "factor")


def scale_constants(factors: Sequence[float]) -> tuple[Constant, Constant]:
    """The factors as the constants `multiplier` and `shift` of a kernel call."""
    multipliers = [quantize_multiplier(factor) for factor in factors]
    return (
        Constant("multiplier", "int32_t", np.array([m.value for m in multipliers], np.int32)),
        Constant("shift", "int8_t", np.array([m.shift for m in multipliers], np.int8)),
    )


def operand_constants(
    weights: Tensor, bias: Tensor | None, factors: Sequence[float]
) -> tuple[Constant, ...]:
    """The constants `weights`, `bias` where there is one, `multiplier` and `shift`."""
    return (
        Constant("weights", "int8_t", array(weights)),
        *([Constant("bias", "int32_t", array(bias).reshape(-1))] if bias is not None else []),
        *scale_constants(factors),
    )
