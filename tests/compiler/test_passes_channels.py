"""Which channels go, which stay, and what becomes of the biases, by hand."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from kernel_server import KernelServer
from layered_graph import HALF, LayeredGraph, assert_same, run
from operator_cases import input_rows

from tinyflow.compiler.graph import Graph, Quantization, array
from tinyflow.compiler.ops import check_node
from tinyflow.compiler.passes import shrink

UNIT = {"stride_h": 1, "stride_w": 1}
ZERO, HIGHER = 0, 4_000  # biases that make the zero point, and a constant above it


def proved(kernels: KernelServer, graph: Graph) -> Graph:
    """The shrunk graph, which computes the same."""
    after, _ = shrink(graph)
    for row in input_rows(graph, 3):
        assert_same(graph, run(kernels, graph, row), after, run(kernels, after, row))
    return after


def random(*shape: int) -> Any:
    return np.random.default_rng(4).integers(-127, 128, shape)


def pointwise(net: LayeredGraph, *biases: int | None, **options: Any) -> int:
    """A 1x1 convolution: a channel for each bias with zero weights, for None with random ones."""
    *outer, depth = net.shape(net.last)
    values = random(len(biases), 1, 1, depth)
    values[[bias is not None for bias in biases]] = 0
    found = [50 if bias is None else bias for bias in biases]
    named = {**UNIT, "padding": "SAME", **options}
    return net.weighted("CONV_2D", values, found, (*outer, len(biases)), **named)


def spatial(net: LayeredGraph, outputs: int, padding: str) -> int:
    """A 3x3 convolution."""
    _, height, width, depth = net.shape(net.last)
    less = 2 * (padding == "VALID")
    values = random(outputs, 3, 3, depth)
    shape = (1, height - less, width - less, outputs)
    return net.weighted("CONV_2D", values, [9] * outputs, shape, **UNIT, padding=padding)


def depthwise(net: LayeredGraph, padding: str, multiplier: int = 1) -> int:
    _, height, width, depth = net.shape(net.last)
    less = 2 * (padding == "VALID")
    values = random(1, 3, 3, depth * multiplier)
    shape = (1, height - less, width - less, depth * multiplier)
    options = {**UNIT, "padding": padding, "depth_multiplier": multiplier}
    return net.weighted("DEPTHWISE_CONV_2D", values, [5] * shape[3], shape, **options)


def dense(net: LayeredGraph, values: Any, bias: Any = None) -> int:
    return net.weighted("FULLY_CONNECTED", values, bias, (1, len(values)))


def kept(graph: Graph, tensor: int) -> tuple[int, ...] | None:
    return graph.tensors[tensor].channels


@pytest.mark.parametrize(("padding", "left"), [("SAME", (0, 2)), ("VALID", (2,))])
def test_a_constant_goes_into_the_bias_unless_a_border_is_padded(
    kernels: KernelServer, padding: str, left: tuple[int, ...]
) -> None:
    """Channel 0 is a constant other than the zero point, 1 is the zero point, 2 is computed."""
    net = LayeredGraph((1, 5, 5, 2))
    first = pointwise(net, HIGHER, ZERO, None)
    spatial(net, 2, padding)
    after = proved(kernels, net.graph())
    assert kept(after, first) == left
    assert after.tensors[after.nodes[1].inputs[1]].shape == (2, 3, 3, len(left))
    changed = array(after.activation(after.nodes[1], 2)).tolist() != [9, 9]
    assert changed == (padding == "VALID")


@pytest.mark.parametrize(("padding", "left"), [("SAME", (0, 2)), ("VALID", (2,))])
def test_a_constant_passes_a_depthwise_convolution_unless_a_border_is_padded(
    kernels: KernelServer, padding: str, left: tuple[int, ...]
) -> None:
    net = LayeredGraph((1, 5, 5, 2))
    first = pointwise(net, HIGHER, ZERO, None)
    second = depthwise(net, padding, multiplier=2)
    pointwise(net, None, None)
    after = proved(kernels, net.graph())
    assert kept(after, first) == left
    assert kept(after, second) == tuple(j for i in left for j in (2 * i, 2 * i + 1))


def test_a_constant_at_the_clamp_passes_a_padded_border(kernels: KernelServer) -> None:
    """Whatever of the constant the filter sees, the output is clamped to one value."""
    net = LayeredGraph((1, 5, 5, 2))
    first = pointwise(net, HIGHER, None)
    values = random(1, 3, 3, 2)
    bias = [-(1 << 22), 0]
    options = {**UNIT, "padding": "SAME", "fused_activation_function": "RELU"}
    shape = (1, 5, 5, 2)
    second = net.weighted("DEPTHWISE_CONV_2D", values, bias, shape, depth_multiplier=1, **options)
    pointwise(net, None)
    after = proved(kernels, net.graph())
    assert kept(after, first) == kept(after, second) == (1,)


def test_a_channel_of_weights_that_never_pass_the_clamp_is_constant(kernels: KernelServer) -> None:
    net = LayeredGraph((1, 4, 4, 3))
    values = random(2, 1, 1, 3)
    most = int(np.abs(values[0]).sum()) * 255
    for bias, left in ((-most - 100, (1,)), (-most // 3, None)):
        net = LayeredGraph((1, 4, 4, 3))
        options = {**UNIT, "padding": "SAME", "fused_activation_function": "RELU"}
        first = net.weighted("CONV_2D", values, [bias, 0], (1, 4, 4, 2), **options)
        spatial(net, 2, "SAME")
        assert kept(proved(kernels, net.graph()), first) == left


def test_what_only_dead_channels_need_is_dead(kernels: KernelServer) -> None:
    """A column of zeros at the end takes its channel out of all layers before."""
    net = LayeredGraph((1, 5, 5, 2))
    layers = [pointwise(net, None, None, None), depthwise(net, "SAME")]
    axes = net.integers(1, 2)
    layers.append(net.add("MEAN", (net.last, axes), (1, 3), keep_dims=False))
    values = random(2, 3)
    values[:, 1] = 0
    dense(net, values)
    after = proved(kernels, net.graph())
    assert [kept(after, layer) for layer in layers] == [(0, 2)] * 3


def test_dead_channels_of_int16_go_as_well(kernels: KernelServer) -> None:
    wide = Quantization((0.01,), (0,))
    net = LayeredGraph((1, 5, 5, 2), wide)
    options = {**UNIT, "padding": "SAME"}
    shape = (1, 5, 5, 3)
    layers = [net.weighted("CONV_2D", random(3, 1, 1, 2) // 9, [1, 2, 3], shape, wide, **options)]
    layers.append(net.add("ADD", (net.last, net.last), shape, wide, pot_scale_int16=False))
    values = random(2, 3, 3, 3) // 9
    values[..., 1] = 0
    net.weighted("CONV_2D", values, [4, 5], (1, 5, 5, 2), wide, **options)
    net.wide()
    after = proved(kernels, net.graph())
    assert [kept(after, layer) for layer in layers] == [(0, 2)] * 2


def test_channels_that_are_added_go_together(kernels: KernelServer) -> None:
    """Constant in both operands 0, in one 1; a constant operand loses its channel as well."""
    net = LayeredGraph((1, 5, 5, 2))
    first = pointwise(net, HIGHER, HIGHER, None)
    net.last = 0
    second = pointwise(net, ZERO, None, None)
    joined = net.add("ADD", (first, second), (1, 5, 5, 3))
    row = net.constant(random(1, 1, 1, 3).astype(np.int8), Quantization((0.1,), (4,)))
    moved = net.add("SUB", (row, joined), (1, 5, 5, 3))
    low = net.add("RELU", (moved,), (1, 5, 5, 3), Quantization((0.3,), (-20,)))
    pointwise(net, None, None)
    after = proved(kernels, net.graph())
    assert {kept(after, tensor) for tensor in (first, second, joined, moved, low)} == {(1, 2)}
    assert after.tensors[after.nodes[3].inputs[0]].shape == (1, 1, 1, 2)


def test_flattened_channels_go_where_no_place_of_them_is_needed(kernels: KernelServer) -> None:
    net = LayeredGraph((1, 2, 3, 2))
    first = pointwise(net, None, None, HIGHER, None)
    net.add("RESHAPE", (first, net.integers(1, -1)), (1, 24))
    values = random(3, 24)
    values[:, 1::4] = 0
    values[:, 3:20:4] = 0  # but for the last place of channel 3
    dense(net, values)
    after = proved(kernels, net.graph())
    assert kept(after, first) == (0, 3)
    assert after.tensors[after.nodes[2].inputs[1]].shape == (3, 12)
    assert after.activation(after.nodes[2], 2).data is not None  # there was no bias before


def test_concatenated_and_padded_channels_go_with_their_places(kernels: KernelServer) -> None:
    net = LayeredGraph((1, 4, 4, 2))
    first = pointwise(net, None, ZERO)
    net.last = 0
    second = pointwise(net, HIGHER, None, ZERO)
    joined = net.add("CONCATENATION", (first, second), (1, 4, 4, 5), axis=-1)
    pairs = net.constant(np.array([[0, 0], [0, 0], [0, 0], [1, 2]], np.int32))
    wide = net.add("PAD", (joined, pairs), (1, 4, 4, 8))
    other = net.add("ADD", (wide, wide), (1, 4, 4, 8))
    pointwise(net, None, None)
    after = proved(kernels, net.graph())
    assert kept(after, first) == (0,) and kept(after, second) == (1,)
    assert kept(after, joined) == (0, 3)
    assert kept(after, wide) == kept(after, other) == (1, 4)


def test_grouped_convolutions_and_outputs_of_the_model_keep_their_channels(
    kernels: KernelServer,
) -> None:
    net = LayeredGraph((1, 4, 4, 2))
    first = pointwise(net, HIGHER, None, ZERO, None)
    values = random(2, 1, 1, 2)
    values[0] = 0
    options = {**UNIT, "padding": "VALID"}
    second = net.weighted("CONV_2D", values, [50, 60], (1, 4, 4, 2), **options)
    after = proved(kernels, net.graph())
    assert kept(after, first) is kept(after, second) is None


def test_a_tensor_keeps_a_channel(kernels: KernelServer) -> None:
    net = LayeredGraph((1, 4, 4, 2))
    first = pointwise(net, HIGHER, ZERO, HIGHER)
    spatial(net, 3, "VALID")
    dense(net, random(2, 12), [1, 2])
    assert kept(proved(kernels, net.graph()), first) == (0,)


def test_a_fully_connected_layer_with_scales_keeps_two_outputs(kernels: KernelServer) -> None:
    """One factor alone would be formed in single precision, and may differ in its last bits."""
    net = LayeredGraph((1, 6))
    scales = Quantization((0.011, 0.012, 0.013), (0, 0, 0), 0)
    weights = net.constant(random(3, 6).astype(np.int8), scales)
    first = net.add("FULLY_CONNECTED", (0, weights, -1), (1, 3), HALF)
    values = random(2, 3)
    values[:, :2] = 0
    dense(net, values)
    assert kept(proved(kernels, net.graph()), first) == (0, 2)


@pytest.mark.parametrize("sign", [1, -1])
def test_biases_stay_within_32_bits(kernels: KernelServer, sign: int) -> None:
    """The bias is as large as the accumulator's rule allows, and takes more in."""
    low = Quantization((0.5,), (-128,))
    net = LayeredGraph((1, 4, 4, 2), low)
    options = {**UNIT, "padding": "VALID"}
    filters = np.zeros((4, 1, 1, 2), np.int8)
    filters[3] = 3
    biases = [1 << 20, 1 << 20, 1 << 20, 0]  # the first three are constants of 127
    first = net.weighted("CONV_2D", filters, biases, (1, 4, 4, 4), low, **options)
    most = (1 << 31) - 1 - 127 * 255 * 4 * 9
    values = np.full((2, 3, 3, 4), 127 * sign)
    net.weighted("CONV_2D", values, [most * sign, 0], (1, 2, 2, 2), low, **options)
    graph = net.graph()
    assert all(check_node(graph, node) == [] for node in graph.nodes)
    after = proved(kernels, graph)
    assert kept(after, first) == (3,)
    bias = array(after.activation(after.nodes[1], 2)).tolist()
    assert bias == [sign * (most + 127 * 255 * 27), sign * 127 * 255 * 27]


def test_channels_are_told_by_their_number_in_the_file(kernels: KernelServer) -> None:
    """Removed twice: what is left is still counted as the file does."""
    net = LayeredGraph((1, 4, 4, 2))
    first = pointwise(net, ZERO, None, ZERO, None, None)
    values = random(2, 1, 1, 5)
    values[..., 3] = 0
    options = {**UNIT, "padding": "SAME"}
    net.weighted("CONV_2D", values, [1, 2], (1, 4, 4, 2), **options)
    after = proved(kernels, net.graph())
    assert kept(after, first) == (1, 4)
    values[..., 1] = 0
    narrow = after.nodes[1]
    weights = array(after.activation(narrow, 1)).copy()
    weights[..., 0] = 0
    again = after.replace(tensors=_with(after, narrow.inputs[1], weights))
    assert kept(shrink(again)[0], first) == (4,)


def _with(graph: Graph, index: int, values: Any) -> tuple[Any, ...]:
    changed = dataclasses.replace(graph.tensors[index], data=values)
    return (*graph.tensors[:index], changed, *graph.tensors[index + 1 :])
