"""Which values each channel of each tensor can take, whatever the model's inputs are.

A channel is an index of the last axis. Bounds are found by interval arithmetic on the device's
integers: they hold for every input, and where they meet the channel is constant. A convolution
sees zeros at a padded border, so there the input's zero point belongs to the range as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tinyflow.compiler.graph import Graph, Node, Tensor, array
from tinyflow.compiler.ops import OPS, conv_2d, fully_connected, rules, weights
from tinyflow.compiler.passes import binary, layouts
from tinyflow.compiler.passes.arithmetic import requantized_range
from tinyflow.compiler.passes.unary import UNARY, VALUES, look_up, table
from tinyflow.compiler.quantmath import (
    INT8_MAX,
    INT8_MIN,
    INTEGER_RANGES,
    quantize_multiplier,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Range:
    """The least and the greatest value of every channel, int64 [channels]."""

    low: Integers
    high: Integers

    @property
    def constant(self) -> NDArray[np.bool_]:
        """Which channels have one value."""
        alike: NDArray[np.bool_] = self.low == self.high
        return alike

    def clamp(self, low: int, high: int) -> Range:
        return Range(np.clip(self.low, low, high), np.clip(self.high, low, high))

    def including(self, value: int) -> Range:
        return Range(np.minimum(self.low, value), np.maximum(self.high, value))

    def of_all(self, channels: int) -> Range:
        """What is known of each of `channels` channels that are mixed from all of these."""
        return Range(np.full(channels, self.low.min()), np.full(channels, self.high.max()))

    def take(self, channels: NDArray[np.int64]) -> Range:
        return Range(self.low[channels], self.high[channels])


Rule = Callable[[Graph, Node, tuple[Range, ...]], Range]


def has_channels(tensor: Tensor) -> bool:
    """Whether ranges are told of the tensor: int8 or int16 with one scale and a dimension or more.

    Of int16 only copies are followed: what is computed can take any value.
    """
    found = tensor.quantization
    return (
        tensor.dtype in INTEGER_RANGES
        and len(tensor.shape) > 0
        and found is not None
        and len(found.scales) == 1
    )


def anything(tensor: Tensor) -> Range:
    """The range of a tensor of which nothing is known."""
    low, high = INTEGER_RANGES[tensor.dtype]
    channels = tensor.shape[-1]
    return Range(np.full(channels, np.int64(low)), np.full(channels, np.int64(high)))


def channel_ranges(graph: Graph) -> dict[int, Range]:
    """The range of every tensor that `has_channels`, constants included."""
    found: dict[int, Range] = {}
    for index, tensor in enumerate(graph.tensors):
        if not has_channels(tensor):
            continue
        if tensor.data is None:
            found[index] = anything(tensor)
        else:
            values = array(tensor).reshape(-1, tensor.shape[-1]).astype(np.int64)
            found[index] = Range(values.min(0), values.max(0))
    for node in graph.nodes:
        if all(index in found for index in node.outputs):
            _follow(graph, node, found)
    return found


def _follow(graph: Graph, node: Node, found: dict[int, Range]) -> None:
    """Tighten the ranges of the node's outputs."""
    inputs = tuple(found[index] for index in node.inputs if index in found)
    rule = RULES.get(node.op)
    if rule is not None and node.inputs[0] in found:
        operands = (*(i for i in node.inputs if i in found), *node.outputs)
        if all(graph.tensors[index].dtype == "int8" for index in operands):
            found[node.outputs[0]] = rule(graph, node, inputs)
    elif node.op in layouts.COPIES and inputs:
        for output in node.outputs:
            found[output] = _copied(graph, node, output, inputs, found)


def _copied(
    graph: Graph, node: Node, output: int, inputs: tuple[Range, ...], found: dict[int, Range]
) -> Range:
    """The range of an output that has the inputs' values, and its zero point where padded."""
    tensor = graph.tensors[output]
    channels = tensor.shape[-1]
    least, greatest = INTEGER_RANGES[tensor.dtype]
    low, high = np.full(channels, greatest + 1), np.full(channels, least - 1)
    for link in layouts.links(graph, node) or ():
        if link.part == output and link.whole in found:
            low = np.minimum(low, found[link.whole].low[link.channels])
            high = np.maximum(high, found[link.whole].high[link.channels])
        elif link.whole == output and link.part in found:
            np.minimum.at(low, link.channels, found[link.part].low)
            np.maximum.at(high, link.channels, found[link.part].high)
    if node.op == "PAD":
        zero_point = rules.quantization(tensor).zero_point
        everywhere = any(any(pair) for pair in layouts.paddings(graph, node)[:-1])
        padded = everywhere | (low > high)
        low = np.where(padded, np.minimum(low, zero_point), low)
        high = np.where(padded, np.maximum(high, zero_point), high)
    unknown = low > high
    low[unknown] = min(int(source.low.min()) for source in inputs)
    high[unknown] = max(int(source.high.max()) for source in inputs)
    return Range(low, high)


def _weighted(
    graph: Graph,
    node: Node,
    sums: tuple[Integers, Integers],
    factors: tuple[float, ...],
) -> Range:
    bias = graph.input(node, weights.BIAS)
    start = 0 if bias is None else array(bias).reshape(-1).astype(np.int64)
    multipliers = [quantize_multiplier(factor) for factor in factors]
    return Range(
        *requantized_range(
            sums[0] + start,
            sums[1] + start,
            [m.value for m in multipliers],
            [m.shift for m in multipliers],
            rules.quantization(graph.output(node)).zero_point,
            *rules.output_bounds(graph, node),
        )
    )


def _offsets(graph: Graph, node: Node, source: Range) -> tuple[Integers, Integers]:
    """The input's range as the accumulator sees it: around the zero point, with the padding's 0."""
    if any(axis.is_padded for axis in conv_2d.output_axes(graph, node)):
        source = source.including(rules.quantization(graph.activation(node, 0)).zero_point)
    return _centred(graph, node, source)


def _centred(graph: Graph, node: Node, source: Range) -> tuple[Integers, Integers]:
    zero_point = rules.quantization(graph.activation(node, 0)).zero_point
    return source.low - zero_point, source.high - zero_point


def _signs(values: NDArray[np.generic], axes: tuple[int, ...]) -> tuple[Integers, Integers]:
    """The sums of positive and of negative weights over `axes`."""
    positive = np.maximum(values, 0).sum(axes, dtype=np.int64)
    negative = np.minimum(values, 0).sum(axes, dtype=np.int64)
    return positive, negative


def _conv_2d(graph: Graph, node: Node, inputs: tuple[Range, ...]) -> Range:
    low, high = _offsets(graph, node, inputs[0])
    filters = array(graph.activation(node, weights.WEIGHTS))
    positive, negative = _signs(filters, (1, 2))
    outputs, depth = positive.shape
    groups = len(low) // depth
    # [groups, outputs of the group, depth] times [groups, depth, 1]
    shape = (groups, outputs // groups, depth)
    low, high = low.reshape(groups, depth, 1), high.reshape(groups, depth, 1)
    positive, negative = positive.reshape(shape), negative.reshape(shape)
    least = (positive @ low + negative @ high).reshape(-1)
    most = (positive @ high + negative @ low).reshape(-1)
    return _weighted(graph, node, (least, most), weights.convolution_factors(graph, node))


def _depthwise_conv_2d(graph: Graph, node: Node, inputs: tuple[Range, ...]) -> Range:
    filters = array(graph.activation(node, weights.WEIGHTS))
    positive, negative = _signs(filters, (0, 1, 2))
    repeats = len(positive) // len(inputs[0].low)
    low, high = (np.repeat(end, repeats) for end in _offsets(graph, node, inputs[0]))
    sums = (positive * low + negative * high, positive * high + negative * low)
    return _weighted(graph, node, sums, weights.convolution_factors(graph, node))


def _fully_connected(graph: Graph, node: Node, inputs: tuple[Range, ...]) -> Range:
    matrix = array(graph.activation(node, weights.WEIGHTS))
    channels = layouts.row_channels(graph, node)
    source = inputs[0].of_all(matrix.shape[1]) if channels is None else inputs[0].take(channels)
    low, high = _centred(graph, node, source)
    positive, negative = np.maximum(matrix, 0), np.minimum(matrix, 0)
    sums = (positive @ low + negative @ high, positive @ high + negative @ low)
    return _weighted(graph, node, sums, fully_connected.real_factors(graph, node))


def _binary(graph: Graph, node: Node, inputs: tuple[Range, ...]) -> Range:
    output = graph.output(node)
    if len(inputs) != 2:
        return anything(output)
    ends = [(source.low, source.high) for source in inputs]
    found = binary.compute_range(graph, node, ends[0], ends[1])
    if found is None:
        return anything(output)
    low, high = (np.broadcast_to(end, (output.shape[-1],)) for end in found)
    return Range(low, high)


def _pool(graph: Graph, node: Node, inputs: tuple[Range, ...]) -> Range:
    return inputs[0].clamp(*rules.output_bounds(graph, node))


def _sum(graph: Graph, node: Node, inputs: tuple[Range, ...]) -> Range:
    source, output = graph.activation(node, 0), graph.output(node)
    (call,) = OPS[node.op].lower(graph, node)
    if call.params_type != "tnf_sum_t" or not layouts.keeps_last_axis(graph, node):
        return anything(output)
    p = {name: int(value) for name, value in call.params}
    count = source.elements // output.elements
    return Range(
        *requantized_range(
            inputs[0].low * count + p["input_offset"],
            inputs[0].high * count + p["input_offset"],
            p["multiplier"],
            p["shift"],
            p["output_offset"],
            INT8_MIN,
            INT8_MAX,
        )
    )


def _extreme(graph: Graph, node: Node, inputs: tuple[Range, ...]) -> Range:
    kept = layouts.keeps_last_axis(graph, node)
    return inputs[0] if kept else inputs[0].of_all(graph.output(node).shape[-1])


def _unary(graph: Graph, node: Node, inputs: tuple[Range, ...]) -> Range:
    function = table(graph, node)
    if function is None:
        return anything(graph.output(node))
    low, high = inputs[0].low.copy(), inputs[0].high.copy()
    for ends in {(int(a), int(b)) for a, b in zip(low, high, strict=True)}:
        here = (inputs[0].low == ends[0]) & (inputs[0].high == ends[1])
        image = look_up(function, VALUES[ends[0] - INT8_MIN : ends[1] - INT8_MIN + 1])
        low[here], high[here] = image.min(), image.max()
    return Range(low, high)


RULES: Mapping[str, Rule] = {
    "AVERAGE_POOL_2D": _pool,
    "CONV_2D": _conv_2d,
    "DEPTHWISE_CONV_2D": _depthwise_conv_2d,
    "FULLY_CONNECTED": _fully_connected,
    "MAX_POOL_2D": _pool,
    "MEAN": _sum,
    "REDUCE_MAX": _extreme,
    "REDUCE_MIN": _extreme,
    "SUM": _sum,
    **dict.fromkeys(binary.KNOWN, _binary),
    **dict.fromkeys(UNARY, _unary),
}
