"""Constant weights and biases: their rules, and their scales."""

from __future__ import annotations

import numpy as np

from tinyflow.compiler.graph import Graph, Node
from tinyflow.compiler.ops.rules import (
    activations,
    bounded_sizes,
    computed_input,
    operands,
    quantization,
    scales,
    shape,
    usable_scales,
)
from tinyflow.compiler.quantmath import (
    convolution_scales,
)

WEIGHTS, BIAS = 1, 2


def constant_weights(graph: Graph, node: Node) -> str | None:
    """Weights are a constant of int8 or int4 with positive scales and zero point 0."""
    weights = graph.activation(node, WEIGHTS)
    if weights.data is None:
        return f"{weights.name} is computed"
    if weights.dtype not in ("int8", "int4") or weights.data.dtype != np.int8:
        return f"{weights.name} is {weights.dtype}"
    found = weights.quantization
    if found is None or not found.scales or not usable_scales(found):
        return f"{weights.name} has {scales(weights)}"
    if any(found.zero_points):
        return f"zero point {next(z for z in found.zero_points if z)}"
    return None


def constant_bias(graph: Graph, node: Node) -> str | None:
    """The bias, if there is one, is a constant with zero point 0, of int32, for int16 also int64"""
    bias = graph.input(node, BIAS)
    if bias is None:
        return None
    if bias.data is None:
        return f"{bias.name} is computed"
    wide = graph.activation(node, 0).dtype == "int16" and bias.dtype == "int64"
    if not (wide or bias.dtype == "int32") or bias.data.dtype.name != bias.dtype:
        return f"{bias.name} is {bias.dtype}"
    if bias.quantization is not None and any(bias.quantization.zero_points):
        return f"zero point {next(z for z in bias.quantization.zero_points if z)}"
    return None


# What operators with weights ask of their operands before all else.
STRUCTURE = (
    operands(2, 3),
    bounded_sizes,
    activations(0, types=("int8", "int16")),
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


def convolution_factors(graph: Graph, node: Node) -> tuple[float, ...]:
    """The real factor from accumulator to output, one or one per channel, in float64."""
    return convolution_scales(
        quantization(graph.activation(node, 0)).scale,
        quantization(graph.activation(node, WEIGHTS)).scales,
        quantization(graph.output(node)).scale,
    )
