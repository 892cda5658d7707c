"""DEPTHWISE_CONV_2D."""

from __future__ import annotations

import dataclasses

import numpy as np

from tinyflow.compiler.graph import Graph, Node, array
from tinyflow.compiler.ops import rules, sums, weights, windows
from tinyflow.compiler.ops.conv_2d import four_dimensions, output_axes, steps
from tinyflow.compiler.ops.op import KernelCall, Op
from tinyflow.compiler.quantmath import ACTIVATION_BOUNDS

CHANNEL_AXIS = 3


def output_shape(graph: Graph, node: Node) -> str | None:
    """The output's shape is what input, filter, stride and padding make."""
    channels = graph.activation(node, weights.WEIGHTS).shape[CHANNEL_AXIS]
    return windows.unexpected_output(graph, node, *output_axes(graph, node), channels)


def depth_multiplier(graph: Graph, node: Node) -> str | None:
    """Weights are [1, height, width, inputs * depth multiplier]."""
    depth = graph.activation(node, 0).shape[3]
    filters = graph.activation(node, weights.WEIGHTS)
    multiplier = int(node.options.get("depth_multiplier", 0))
    if filters.shape[0] == 1 and filters.shape[CHANNEL_AXIS] == depth * multiplier:
        return None
    return f"{rules.shape(filters)} for {depth} channels and depth multiplier {multiplier}"


def weight_scales(graph: Graph, node: Node) -> str | None:
    """Weights have one scale, or one per output channel (along axis 3)."""
    return weights.unexpected_scales(graph, node, axis=CHANNEL_AXIS)


def bias_size(graph: Graph, node: Node) -> str | None:
    """The bias has one value per output channel."""
    outputs = graph.activation(node, weights.WEIGHTS).shape[CHANNEL_AXIS]
    return weights.unexpected_bias(graph, node, outputs)


def wide_bias(graph: Graph, node: Node) -> str | None:
    """With int16 activations the bias, if there is one, is of int64."""
    bias = graph.input(node, weights.BIAS)
    if bias is None or sums.is_wide(graph, node) or graph.activation(node, 0).dtype == "int8":
        return None
    return f"{bias.name} is {bias.dtype}"


def accumulator(graph: Graph, node: Node) -> str | None:
    """No input can take a sum of 32 bits out of them, nor one of 64 bits out of 48."""
    filters = graph.activation(node, weights.WEIGHTS)
    columns = array(filters).reshape(-1, filters.shape[CHANNEL_AXIS]).astype(np.int64)
    return sums.unexpected_range(graph, node, columns.T)


class DepthwiseConv2D(Op):
    """Two-dimensional convolution of each channel with filters of its own.

    Every input channel makes as many output channels as the depth multiplier says. With int16
    activations sums have 64 bits and are rounded once. Weights of 4 bits stay packed in flash with
    int8 activations; with int16, where LiteRT does not read them right, they take 8.
    """

    name = "DEPTHWISE_CONV_2D"
    structure = (
        *weights.STRUCTURE,
        four_dimensions,
    )
    constraints = (
        windows.known_padding,
        steps,
        depth_multiplier,
        output_shape,
        weight_scales,
        bias_size,
        wide_bias,
        rules.fused_activation(tuple(ACTIVATION_BOUNDS)),
        sums.large_factor,
        accumulator,
    )

    def macs(self, graph: Graph, node: Node) -> int:
        _, height, width, _ = graph.activation(node, weights.WEIGHTS).shape
        return graph.output(node).elements * height * width

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        source, output = graph.activation(node, 0), graph.output(node)
        filters = graph.activation(node, weights.WEIGHTS)
        vertical, horizontal = output_axes(graph, node)
        sizes = (
            ("batches", source.shape[0]),
            ("input_height", source.shape[1]),
            ("input_width", source.shape[2]),
            ("input_channels", source.shape[3]),
            ("depth_multiplier", filters.shape[CHANNEL_AXIS] // source.shape[3]),
            ("output_height", output.shape[1]),
            ("output_width", output.shape[2]),
            ("filter_height", filters.shape[1]),
            ("filter_width", filters.shape[2]),
            ("stride_height", vertical.stride),
            ("stride_width", horizontal.stride),
            ("dilation_height", vertical.dilation),
            ("dilation_width", horizontal.dilation),
            ("pad_top", vertical.before),
            ("pad_left", horizontal.before),
        )
        factors = weights.convolution_factors(graph, node)
        call = sums.kernel_call(graph, node, "depthwise_conv_2d", sizes, factors)
        params = tuple((name, value) for name, value in call.params if name != "wide")
        return (dataclasses.replace(call, params=params),)  # int16 has sums of 64 bits only


OPS = (DepthwiseConv2D,)
