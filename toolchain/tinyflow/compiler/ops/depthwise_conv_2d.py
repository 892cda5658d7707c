"""DEPTHWISE_CONV_2D."""

from __future__ import annotations

import numpy as np

from tinyflow.compiler.graph import Graph, Node, array
from tinyflow.compiler.ops import rules, weights, windows
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


def accumulator(graph: Graph, node: Node) -> str | None:
    """No input can take the accumulator out of 32 bits."""
    filters = graph.activation(node, weights.WEIGHTS)
    columns = array(filters).reshape(-1, filters.shape[CHANNEL_AXIS]).astype(np.int64)
    return weights.overflowing_accumulator(graph, node, columns.T)


class DepthwiseConv2D(Op):
    """Two-dimensional convolution of each channel with filters of its own.

    Every input channel makes as many output channels as the depth multiplier says.
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
        rules.fused_activation(tuple(ACTIVATION_BOUNDS)),
        weights.large_factor,
        accumulator,
    )

    def macs(self, graph: Graph, node: Node) -> int:
        _, height, width, _ = graph.activation(node, weights.WEIGHTS).shape
        return graph.output(node).elements * height * width

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        source, output = graph.activation(node, 0), graph.output(node)
        filters = graph.activation(node, weights.WEIGHTS)
        vertical, horizontal = output_axes(graph, node)
        factors = weights.convolution_factors(graph, node)
        quantized = rules.quantization(output)
        low, high = rules.output_bounds(graph, node)
        return (
            KernelCall(
                function="tnf_depthwise_conv_2d_s8",
                header="tnf_conv.h",
                kernels=("depthwise_conv_2d_s8",),
                params_type="tnf_depthwise_conv_2d_t",
                params=(
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
                    ("input_offset", -rules.quantization(source).zero_point),
                    ("output_offset", quantized.zero_point),
                    ("activation_min", low),
                    ("activation_max", high),
                    ("scale_step", int(len(factors) > 1)),
                ),
                constants=weights.operand_constants(
                    filters, graph.input(node, weights.BIAS), factors
                ),
                inputs=(node.inputs[0],),
                outputs=node.outputs,
            ),
        )


OPS = (DepthwiseConv2D,)
