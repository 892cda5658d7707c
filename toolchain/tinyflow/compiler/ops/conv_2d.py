"""CONV_2D."""

from __future__ import annotations

import numpy as np

from tinyflow.compiler.graph import Graph, Node, array
from tinyflow.compiler.ops import rules, sums, weights, windows
from tinyflow.compiler.ops.op import KernelCall, Op
from tinyflow.compiler.quantmath import ACTIVATION_BOUNDS


def output_axes(graph: Graph, node: Node) -> tuple[windows.Axis, windows.Axis]:
    """The filter along height and width, from the weights' shape."""
    filters = graph.activation(node, weights.WEIGHTS).shape
    return windows.axes(graph, node, filters[1], filters[2])


def four_dimensions(graph: Graph, node: Node) -> str | None:
    """Input, weights and output have four dimensions."""
    for tensor in (*(graph.activation(node, i) for i in range(2)), graph.output(node)):
        if len(tensor.shape) != 4:
            return f"{tensor.name} is {rules.shape(tensor)}"
    return None


def steps(graph: Graph, node: Node) -> str | None:
    """Strides and dilations are at least 1, and the dilated filter is at most 65535 in size."""
    return windows.unsafe_steps(*output_axes(graph, node))


def output_shape(graph: Graph, node: Node) -> str | None:
    """The output's shape is what input, filter, stride and padding make."""
    channels = graph.activation(node, weights.WEIGHTS).shape[0]
    return windows.unexpected_output(graph, node, *output_axes(graph, node), channels)


def groups(graph: Graph, node: Node) -> str | None:
    """Weights are [outputs, height, width, inputs / groups], and groups divide the outputs."""
    depth = graph.activation(node, 0).shape[3]
    outputs, _, _, filter_depth = graph.activation(node, weights.WEIGHTS).shape
    if depth % filter_depth == 0 and outputs % (depth // filter_depth) == 0:
        return None
    return f"{depth} input channels, {outputs} filters of depth {filter_depth}"


def weight_scales(graph: Graph, node: Node) -> str | None:
    """Weights have one scale, or one per output channel (along axis 0)."""
    return weights.unexpected_scales(graph, node, axis=0)


def bias_size(graph: Graph, node: Node) -> str | None:
    """The bias has one value per output channel."""
    outputs = graph.activation(node, weights.WEIGHTS).shape[0]
    return weights.unexpected_bias(graph, node, outputs)


def accumulator(graph: Graph, node: Node) -> str | None:
    """No input can take a sum of 32 bits out of them, nor one of 64 bits out of 48."""
    filters = graph.activation(node, weights.WEIGHTS)
    rows = array(filters).reshape(filters.shape[0], -1).astype(np.int64)
    return sums.unexpected_range(graph, node, rows)


class Conv2D(Op):
    """Two-dimensional convolution, with strides, dilation and groups.

    A one-dimensional convolution comes as this one between reshapes. With int16 activations sums
    have 64 bits and are rounded once; an int32 bias, or none, makes them as for int8, as in
    TensorFlow Lite Micro. LiteRT does so for such a bias where the model says it
    (quantized_bias_type), and refuses a convolution without one. Weights of 4 bits stay packed in
    flash with int8 activations, with int16 they take 8.
    """

    name = "CONV_2D"
    structure = (
        *weights.STRUCTURE,
        four_dimensions,
    )
    constraints = (
        windows.known_padding,
        steps,
        groups,
        output_shape,
        weight_scales,
        bias_size,
        rules.fused_activation(tuple(ACTIVATION_BOUNDS)),
        sums.large_factor,
        accumulator,
    )

    def macs(self, graph: Graph, node: Node) -> int:
        _, height, width, depth = graph.activation(node, weights.WEIGHTS).shape
        return graph.output(node).elements * height * width * depth

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        source, output = graph.activation(node, 0), graph.output(node)
        filters = graph.activation(node, weights.WEIGHTS)
        vertical, horizontal = output_axes(graph, node)
        depth, outputs = source.shape[3], filters.shape[0]
        sizes = (
            ("batches", source.shape[0]),
            ("input_height", source.shape[1]),
            ("input_width", source.shape[2]),
            ("input_channels", depth),
            ("output_height", output.shape[1]),
            ("output_width", output.shape[2]),
            ("output_channels", outputs),
            ("filter_height", filters.shape[1]),
            ("filter_width", filters.shape[2]),
            ("filter_channels", filters.shape[3]),
            ("group_outputs", outputs // (depth // filters.shape[3])),
            ("stride_height", vertical.stride),
            ("stride_width", horizontal.stride),
            ("dilation_height", vertical.dilation),
            ("dilation_width", horizontal.dilation),
            ("pad_top", vertical.before),
            ("pad_left", horizontal.before),
        )
        factors = weights.convolution_factors(graph, node)
        return (sums.kernel_call(graph, node, "conv_2d", sizes, factors),)


OPS = (Conv2D,)
