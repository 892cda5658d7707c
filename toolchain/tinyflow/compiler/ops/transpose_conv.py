"""TRANSPOSE_CONV."""

from __future__ import annotations

import dataclasses

import numpy as np

from tinyflow.compiler.graph import Graph, Node, array
from tinyflow.compiler.ops import conv_2d, rules, sums, weights, windows
from tinyflow.compiler.ops.op import Constraint, KernelCall, Op
from tinyflow.compiler.quantmath import ACTIVATION_BOUNDS

SHAPE, WEIGHTS, SOURCE, BIAS = range(4)
HEADER = "tnf_transpose_conv.h"
HEADERS = {"s8": HEADER, "s16": HEADER}


def as_convolution(node: Node) -> Node:
    """The node with its inputs in the order of other weighted operators: input, weights, bias."""
    return dataclasses.replace(
        node, inputs=(node.inputs[SOURCE], node.inputs[WEIGHTS], *node.inputs[BIAS:])
    )


def reordered(rule: Constraint) -> Constraint:
    """A rule about input, weights and bias, for the inputs of TRANSPOSE_CONV."""

    def own(graph: Graph, node: Node) -> str | None:
        return rule(graph, as_convolution(node))

    own.__doc__ = rule.__doc__
    return own


def output_axes(graph: Graph, node: Node) -> tuple[windows.Axis, windows.Axis]:
    """The filter over the output: the convolution that this one is the transpose of."""
    _, height, width, _ = graph.output(node).shape
    filters = graph.activation(node, WEIGHTS).shape
    same = node.options.get("padding") == "SAME"
    strides = [int(node.options.get(f"stride_{name}", 0)) for name in ("h", "w")]
    return (
        windows.Axis(height, filters[1], strides[0], 1, same),
        windows.Axis(width, filters[2], strides[1], 1, same),
    )


def known_padding(graph: Graph, node: Node) -> str | None:
    """Padding is SAME or VALID."""
    padding = node.options.get("padding")
    return None if padding in ("SAME", "VALID") else f"{padding}"


def steps(graph: Graph, node: Node) -> str | None:
    """Strides are at least 1, and strides and filter at most 65535."""
    return windows.unsafe_steps(*output_axes(graph, node))


def constant_shape(graph: Graph, node: Node) -> str | None:
    """The output's shape is given by an int32 constant, and is that."""
    given = graph.activation(node, SHAPE)
    if given.data is None:
        return f"{given.name} is computed"
    if given.data.dtype != np.int32:
        return f"{given.name} is {given.dtype}"
    values = tuple(int(value) for value in array(given).reshape(-1))
    found = graph.output(node)
    return None if values == found.shape else f"{rules.sizes(values)} for {rules.shape(found)}"


def channels(graph: Graph, node: Node) -> str | None:
    """Weights are [outputs, height, width, inputs]."""
    source, output = graph.activation(node, SOURCE), graph.output(node)
    filters = graph.activation(node, WEIGHTS)
    if (filters.shape[0], filters.shape[3]) == (output.shape[3], source.shape[3]):
        return None
    ends = f"{source.shape[3]} input and {output.shape[3]} output channels"
    return f"{rules.shape(filters)} for {ends}"


def input_shape(graph: Graph, node: Node) -> str | None:
    """The input's shape is what a convolution of the output with the filter makes."""
    if steps(graph, node) or known_padding(graph, node):
        return None  # told by their own rules
    vertical, horizontal = output_axes(graph, node)
    batch = graph.output(node).shape[0]
    source = graph.activation(node, SOURCE)
    expected = (batch, vertical.output, horizontal.output)
    if source.shape[:3] == expected:
        return None
    return f"{rules.shape(source)} where {rules.sizes(expected)}x{source.shape[3]} follows"


def accumulator(graph: Graph, node: Node) -> str | None:
    """No input can take a sum of 32 bits out of them, nor one of 64 bits out of 48."""
    filters = graph.activation(node, WEIGHTS)
    rows = array(filters).reshape(filters.shape[0], -1).astype(np.int64)
    return sums.unexpected_range(graph, as_convolution(node), rows)


class TransposeConv(Op):
    """The transpose of a two-dimensional convolution: every input value adds its filter.

    With int16 activations sums are of 32 bits with an int32 bias, or without a bias where the model
    says so (quantized_bias_type). Weights of 4 bits take 8 bits in flash; LiteRT does not read
    them right here.
    """

    name = "TRANSPOSE_CONV"
    structure = (
        rules.operands(3, 4),
        *(reordered(rule) for rule in weights.STRUCTURE[1:]),
        reordered(conv_2d.four_dimensions),
        constant_shape,
    )
    constraints = (
        known_padding,
        steps,
        channels,
        input_shape,
        reordered(conv_2d.weight_scales),
        reordered(conv_2d.bias_size),
        rules.fused_activation(tuple(ACTIVATION_BOUNDS)),
        reordered(sums.large_factor),
        accumulator,
    )

    def macs(self, graph: Graph, node: Node) -> int:
        outputs, height, width, _ = graph.activation(node, WEIGHTS).shape
        return graph.activation(node, SOURCE).elements * outputs * height * width

    def lower(self, graph: Graph, node: Node) -> tuple[KernelCall, ...]:
        source, output = graph.activation(node, SOURCE), graph.output(node)
        filters = graph.activation(node, WEIGHTS)
        vertical, horizontal = output_axes(graph, node)
        last_row, phase_row = divmod(vertical.before, vertical.stride)
        last_column, phase_column = divmod(horizontal.before, horizontal.stride)
        sizes = (
            ("batches", source.shape[0]),
            ("input_height", source.shape[1]),
            ("input_width", source.shape[2]),
            ("input_channels", source.shape[3]),
            ("output_height", output.shape[1]),
            ("output_width", output.shape[2]),
            ("output_channels", output.shape[3]),
            ("filter_height", filters.shape[1]),
            ("filter_width", filters.shape[2]),
            ("stride_height", vertical.stride),
            ("stride_width", horizontal.stride),
            ("last_row", last_row),
            ("phase_row", phase_row),
            ("last_column", last_column),
            ("phase_column", phase_column),
        )
        convolution = as_convolution(node)
        factors = weights.convolution_factors(graph, convolution)
        return (sums.kernel_call(graph, convolution, "transpose_conv", sizes, factors, HEADERS),)


OPS = (TransposeConv,)
